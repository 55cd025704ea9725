"""What is measured while choosing keeps the final windows untouched."""

from collections.abc import Callable

import pytest

from bench import alignment, facts, headroom, peers, policy, reward


@pytest.mark.parametrize("main", [alignment.main, facts.main, headroom.main, peers.main, policy.main, reward.main])
@pytest.mark.parametrize("window", ["1998-02", "1998-03", "1998-04"])
def test_a_window_kept_for_the_final_test_is_refused_before_anything_is_read(
    main: Callable[[list[str]], None], window: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--window", window])
    assert stopped.value.code == 2
    assert f"{window} is kept for the final test" in capsys.readouterr().err
