"""The measurement of the reward model keeps the final windows untouched."""

import pytest

from bench.reward import main


@pytest.mark.parametrize("window", ["1998-02", "1998-03", "1998-04"])
def test_a_window_kept_for_the_final_test_is_refused_before_anything_is_read(window, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--window", window])
    assert stopped.value.code == 2
    assert f"{window} is kept for the final test" in capsys.readouterr().err
