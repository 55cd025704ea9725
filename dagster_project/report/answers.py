"""Six questions to the method, and what a chain's windows answer: a pooled value and verdict for each comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

from curec_assets.configuration.windows import select_keys
from curec_assets.ranker.config import BASELINE_CONTRASTS, PRIMARY_CONTRASTS
from dagster_project.report.pooling import Pooled, counted, pool
from dagster_project.report.queries import ChainRows, Row

EVERY_WINDOW = ".."
SHARE_EVENTS = frozenset({"reward_model", "rl_policy"})
"""Stages whose windows are measured on events that they have in common: all events up to the window, or the latest of
subjects that are the same ones in every window."""


@dataclass(frozen=True)
class Question:
    """One question, and the rows of EVALUATIONS that speak to it; an empty choice takes whatever there is."""

    text: str
    subject: str
    metrics: tuple[str, ...] = ()
    slices: tuple[str, ...] = ("all",)
    arms: tuple[str, ...] = ()

    def speaks(self, row: Row) -> bool:
        """Whether a row is one of the question's, a paired difference of two arms."""
        return (
            row["is_contrast"]
            and (not self.metrics or row["metric"] in self.metrics)
            and row["slice"] in self.slices
            and (not self.arms or row["arm"] in self.arms)
        )


def _named(contrasts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{a} − {b}" for a, b in contrasts)


REWARDS = ("reward", "acceptance_reward", "gold_reward")
SIDES = ("all", "item", "user")
WHERE_WORDS_SHOULD_TELL = ("items_0", "items_1_5", "returning_users")
"""Items that ids know little of, and people who were there before the window."""

QUESTIONS = (
    Question("1 Is the aligned LLM better than its base, and than counting?", "aligned_llm"),
    Question("2 Does the reward model read?", "reward_model", ("auc",), ("all", "ids_masked", "item", "user")),
    Question("3 Does RL raise the reward?", "rl_policy", REWARDS, SIDES, ("rl_policy − aligned_llm",)),
    Question("4 Are corrections worth it on the window after?", "correction", ("later_gain",), SIDES),
    Question("5 Is the ranker without text above popularity?", "ranker", arms=_named(BASELINE_CONTRASTS)),
    Question("6 Does text help the ranker, and is it the reasons?", "ranker", arms=_named(PRIMARY_CONTRASTS)),
    Question("6 Where do they help?", "ranker", (), WHERE_WORDS_SHOULD_TELL, ("corrected_reasons − id_only",)),
)


@dataclass(frozen=True)
class Answer:
    """What some windows say together of one comparison of one question."""

    question: str
    compared: str
    measure: str
    part: str
    """The slice."""
    pooled: Pooled
    relative: float | None
    """Of rankers: the value as a share of what the arm named last has in the same windows, known to within half."""

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What was asked, the same in every chain that was asked it."""
        return self.question, self.compared, self.measure, self.part


def held_windows(rows: ChainRows) -> list[str]:
    """The chain's windows that the lake holds something of, in order."""
    return sorted({row["window"] for row in rows.costs if row["window"] is not None})


def chosen_windows(rows: ChainRows, windows: str) -> tuple[str, ...]:
    """Those of the chain's windows in the lake that ``windows`` names: a key, or ``first..last``.

    Raises:
        ValueError: it names none of them.
    """
    try:
        return select_keys(held_windows(rows), windows)
    except ValueError as error:
        raise ValueError(f"{rows.chain}: {error}; --windows {rows.chain}=FIRST..LAST is for this chain alone") from None


def answers_to(question: Question, rows: ChainRows, windows: Sequence[str]) -> list[Answer]:
    """The answers of ``windows``, in the question's order; none where nothing was measured."""
    found = [row for row in rows.evaluations[question.subject] if row["window"] in windows and question.speaks(row)]
    measures = dict.fromkeys(_measure(row) for row in found)
    answers = []
    for measure in sorted(measures, key=lambda key: _order(question, key)):
        backbone, arm, metric, part = measure
        own = [row for row in found if _measure(row) == measure]
        pooled = pool(own, question.subject in SHARE_EVENTS)
        if pooled is None:
            continue
        answers.append(
            Answer(
                question.text,
                arm,
                metric if backbone is None or question.subject != "ranker" else f"{metric} ({backbone})",
                part,
                pooled,
                _relative(pooled, own, rows.evaluations["ranker"]) if question.subject == "ranker" else None,
            )
        )
    return answers


def _relative(difference: Pooled, own: Sequence[Row], rankers: Sequence[Row]) -> float | None:
    windows = {row["window"] for row in counted(own)}
    backbone, arm, metric, part = _measure(own[0])
    last = (backbone, arm.rpartition(" − ")[2], metric, part)
    level = pool(row for row in rankers if _measure(row) == last and row["window"] in windows)
    known = level is not None and level.ci_low is not None and level.ci_low > level.value / 2 > 0
    return difference.value / level.value if level and known else None


def _measure(row: Row) -> tuple[str | None, str, str, str]:
    return row["backbone"], row["arm"], row["metric"], row["slice"]


def _order(question: Question, measure: tuple[str | None, str, str, str]) -> tuple[object, ...]:
    """As the question lists them; what it does not list, by name."""
    backbone, arm, metric, part = measure
    return (
        backbone or "",
        *map(_place, (question.slices, question.arms, question.metrics), (part, arm, metric)),
        arm,
        metric,
    )


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)
