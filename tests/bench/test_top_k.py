"""The measurement of the top-K ranker keeps the final windows and the confirming data untouched."""

import pytest

from bench.data import TUNED_UP_TO
from bench.held_back import CHAINS, open_chain
from bench.top_k import main


@pytest.mark.parametrize(
    ("chain", "window"), [("amazon_beauty", "2014-05"), ("amazon_beauty", "2014-07"), ("movielens_small", "2014")]
)
def test_a_window_that_a_chain_is_judged_on_is_refused_before_anything_is_read(
    chain: str, window: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", "/nowhere")
    with pytest.raises(SystemExit) as stopped:
        main(["--chain", chain, "--window", window])
    assert stopped.value.code == 2
    assert f"{window} is kept for the final test" in capsys.readouterr().err


def test_the_chain_that_confirms_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--chain", "amazon_cds", "--window", "2016"])
    assert "amazon_cds is kept for confirmation" in capsys.readouterr().err


@pytest.mark.parametrize("name", CHAINS)
def test_reasons_begin_before_what_is_tuned_on_and_that_before_what_is_judged(name: str) -> None:
    windows = [window.key for window in open_chain(name).all_windows()]
    assert windows[0] < TUNED_UP_TO[name] < windows[-1]
