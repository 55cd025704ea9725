"""What a person sees while a chain runs: the window, the stage, its step, and an estimate of the time left."""

import time
from collections.abc import Sequence
from types import TracebackType

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from curec_assets.progress import Pace, PacedProgress
from curec_assets.progress import Progress as StageProgress

USUAL_SHARES = {
    "aligned_llm": 0.20,
    "draft_reasons": 0.10,
    "reward_model": 0.11,
    "rl_policy": 0.20,
    "arrival_reasons": 0.03,
    "corrected_reasons": 0.15,
    "ranker": 0.15,
    "ranker_evaluation": 0.03,
}
"""Rough share of a window's seconds that each heavy stage takes; the others take next to nothing. For the estimate of
the time left in a chain's first window, where no stage has a past."""


class RunDisplay:
    """Two bars on a terminal (the whole run and the stage at work), plain lines elsewhere.

    The time left is the sum of what each remaining stage took in the latest window where it ran. A stage that never ran
    is expected to take its usual share at the pace of this run so far. ``bars`` is False where other processes tell of
    their stages on the same terminal: plain lines there, too.
    """

    def __init__(self, lake: Lake, chain: Chain, windows: Sequence[Window], bars: bool = True) -> None:
        self._lake, self._chain, self._windows = lake, chain, windows
        self._console = Console(stderr=True)
        # Asked now: once the bars are drawn, they stand between the console and the terminal.
        self._on_terminal = bars and self._console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            disable=not self._on_terminal,
        )
        self._run: TaskID | None = None
        self._stage: TaskID | None = None
        self._done: set[tuple[str, str]] = set()
        self._took: dict[tuple[str, str], float] = {}
        self._at_work: tuple[str, str, float] | None = None

    def __enter__(self) -> "RunDisplay":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish_stage(completed=kind is None)
        if self._run is not None:
            self._bars.update(self._run, completed=len(self._done), left="")
        self._bars.stop()

    def expect(self, window: Window, assets: Sequence[str]) -> None:
        """Announce the stages that one window's run will go through."""
        if self._run is None:
            self._run = self._bars.add_task(self._chain.name, total=len(self._windows) * len(LINEAGE), left="")
        so_far = self._windows[: list(self._windows).index(window) + 1]
        self._done = {(asset, w.key) for w in so_far for asset in LINEAGE} - {(asset, window.key) for asset in assets}

    def stage(self, context: dg.AssetExecutionContext, asset: str, window: str) -> StageProgress:
        """The listener of one stage; the one before has ended by now."""
        self._finish_stage(completed=True)
        self._at_work = (asset, window, time.monotonic())
        left = self._time_left()
        if self._run is not None:
            self._bars.update(
                self._run, completed=len(self._done), description=f"{self._chain.name} {window}", left=left
            )
        if not self._on_terminal:
            self._console.print(f"{window} {asset} …{'  (' + left + ')' if left else ''}", highlight=False)
            return PacedProgress(f"{window} {asset}", lambda line: self._console.print(f"  {line}", highlight=False))
        self._stage = self._bars.add_task(f"  {window} {asset}", total=1, left="")
        return self._listen(self._stage, f"  {window} {asset}")

    def waiting(self, step: str) -> None:
        """A stage is ready, and its pool has no slot left: stages of other runs are training."""
        self._finish_stage(completed=True)
        self._console.print(f"{step.replace('__', ' ')} waits: another run's stage is at work", highlight=False)

    def _listen(self, task: TaskID, title: str) -> StageProgress:
        pace = Pace()

        def listener(step: str, done: int, total: int) -> None:
            seconds = pace.seconds_left(step, done, total)
            left = "" if seconds is None else f"{seconds:.0f} s left in step"
            self._bars.update(task, description=f"{title}: {step}", completed=done, total=total, left=left)

        return listener

    def _finish_stage(self, completed: bool) -> None:
        if self._at_work is None:
            return
        asset, window, started = self._at_work
        if completed:
            self._done.add((asset, window))
            seconds = self._took[(asset, window)] = time.monotonic() - started
            manifest = self._lake.manifest(asset, window)
            rows = f"{manifest.rows:>8,} rows" if manifest else ""
            self._console.print(f"{window} {asset:<22}{rows} {seconds:6.1f} s", highlight=False)
        if self._stage is not None:
            self._bars.remove_task(self._stage)
            self._stage = None
        self._at_work = None

    def _time_left(self) -> str:
        pace = self._seconds_per_share()
        left = 0.0
        for window in self._windows:
            for asset in LINEAGE:
                if (asset, window.key) in self._done:
                    continue
                seconds = self._expected_seconds(asset, window.key)
                if seconds is None and pace is None:
                    return ""
                left += USUAL_SHARES.get(asset, 0.0) * (pace or 0.0) if seconds is None else seconds
        if left < 1:
            return ""
        return f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"

    def _seconds_per_share(self) -> float | None:
        """Seconds of a whole window, as the heavy stages done in this run suggest; None before the first of them."""
        share = sum(USUAL_SHARES.get(asset, 0.0) for asset, _ in self._took)
        return sum(self._took.values()) / share if share else None

    def _expected_seconds(self, asset: str, window: str) -> float | None:
        """Seconds of ``asset`` in the latest window that has it, looking back from ``window``."""
        keys = [w.key for w in self._chain.all_windows()]
        for key in reversed(keys[: keys.index(window) + 1]):
            if manifest := self._lake.manifest(asset, key):
                return manifest.seconds
        return None
