"""What a measurement keeps for the next is of one chain and one window."""

from pathlib import Path

import pytest

from bench import headroom, policy
from bench.policy import BeforeRL
from curec_assets.configuration.chain import Chain


class AskedForError(Exception):
    """Where models were to be made; nothing is made."""


@pytest.mark.parametrize("bench", [policy, headroom])
def test_models_kept_of_one_window_are_not_those_that_another_is_judged_by(
    bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def before_rl(chain: Chain, window: str, folder: Path) -> BeforeRL:
        raise AskedForError(folder)

    monkeypatch.setattr(bench, "before_rl", before_rl)
    folders = []
    for asked in (
        ["--window", "1997-12"],
        ["--window", "1998-01"],
        ["--chain", "amazon_beauty"],
        ["--window", "1997-12"],
    ):
        with pytest.raises(AskedForError) as stopped:
            bench.main([*asked, "--work", str(tmp_path)])
        folders.append(stopped.value.args[0])
    assert len(set(folders)) == 3
    assert folders[0] == folders[3]
    assert all(folder.is_relative_to(tmp_path) for folder in folders)
