"""How much could RL gain? What words are worth to the reward model, and how far texts of one subject differ.

Four answers, each on panels of people (or items) that the scoring models were not trained on:

1. Templates that tell more or fewer facts of each subject: what is there to be told? Beside them the evidence text,
   which is worded otherwise and falls back on metadata where a subject has no such fact (a template then tells nothing,
   which is worth zero).
2. One kind of fact beside another, by how thick the panel is: from how few events on can a subject tell which to name?
3. Texts that the aligned model writes of one subject: do they differ in reward, and does the difference hold for the
   acceptance group?
4. The best of them by the reward group beside their mean, on each group: what selection, which RL can only approach,
   would gain; and what a text that names a kind of fact earns over the subject's others that do not.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow.compute as pc

from bench.data import TUNED_UP_TO, ask_for_window, shipped_chain, window_asked
from bench.policy import BeforeRL, before_rl, folder_of
from curec_assets.configuration.chain import Chain
from curec_assets.evidence.titles import short_title

if TYPE_CHECKING:
    from curec_assets.reward_model.scoring import PanelScore

PanelGroup = Literal["reward", "acceptance"]
PANELS: tuple[tuple[PanelGroup, bool], ...] = (("reward", False), ("acceptance", False), ("reward", True))
HEADERS = ("reward group", "acceptance group", "gold")
FEWEST: Mapping[PanelGroup, int] = {"reward": 4, "acceptance": 2}
"""Panel events that a subject must have to be looked at."""

Row = Mapping[str, Any]
Told = Mapping[str, int]
TEMPLATES: Mapping[str, tuple[Told, ...]] = {
    "item": (
        {"co_liked": 1},
        {"co_liked": 2},
        {"co_liked": 3},
        {"liker_category": 3},
        {"co_liked": 2, "liker_category": 3},
        {"co_liked": 3, "liker_category": 3},
    ),
    "user": (
        {"liked_category": 2},
        {"recent_like": 2},
        {"recent_like": 3},
        {"parts_from_crowd": 3},
        {"liked_category": 2, "recent_like": 2},
        {"liked_category": 3, "recent_like": 3},
        {"liked_category": 3, "recent_like": 3, "recent_dislike": 3},
    ),
}
CONTRASTS: Mapping[str, tuple[Told, Told]] = {
    "item": ({"co_liked": 2}, {"liker_category": 3}),
    "user": ({"recent_like": 3}, {"liked_category": 3}),
}
THICKNESS = (4, 8, 16, 24)
WORDS = {
    "co_liked": "also like",
    "liker_category": "lean towards",
    "liked_category": "likes above all",
    "recent_like": "recently enjoyed",
    "parts_from_crowd": "unlike most likes",
    "recent_dislike": "did not enjoy",
}


def main(arguments: list[str] | None = None) -> None:
    """Print Markdown tables, rewards in thousandths of a nat an event with the standard error over subjects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_window(parser, TUNED_UP_TO)
    parser.add_argument("--subjects", type=int, default=120, help="of a side, to write of; may be 0")
    parser.add_argument("--samples", type=int, default=8, help="texts of each")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument(
        "--work", type=Path, help="keep the window's reward model and alignment here, and use them where they are"
    )
    asked = parser.parse_args(arguments)
    window = window_asked(parser, asked)
    chain = shipped_chain(asked.chain)
    with TemporaryDirectory() as folder:
        made = before_rl(chain, window, folder_of(chain, window, asked.work or Path(folder)))
        for side in ("item", "user"):
            rows = _measurable(made, side)
            _templates(made, side, rows)
            _by_thickness(made, side, rows)
            if asked.subjects:
                _samples(chain, made, side, rows[: asked.subjects], asked.samples, asked.temperature)


def _measurable(made: BeforeRL, side: str) -> list[Row]:
    """Evidence of the window's subjects with panels thick enough, in an order that tells nothing of them."""
    from curec_assets.lake.hashing import hash_text

    rows: list[Row] = made.evidence.filter(
        pc.and_(pc.equal(made.evidence["window"], made.run.window.key), pc.equal(made.evidence["side"], side))
    ).to_pylist()
    for group, fewest in FEWEST.items():
        panels = _panels(made, rows, [None] * len(rows), group, False)
        rows = [row for row, panel in zip(rows, panels, strict=True) if len(panel.event_ids) >= fewest]
    return sorted(rows, key=lambda row: hash_text(f"headroom/{row['subject_id']}"))


def _panels(
    made: BeforeRL, rows: Sequence[Row], texts: Sequence[str | None], group: PanelGroup, gold: bool
) -> list["PanelScore"]:
    from curec_assets.reward_model.scoring import ScoreRequest

    requests = [
        ScoreRequest(row["side"], row["subject_id"], text, group) for row, text in zip(rows, texts, strict=True)
    ]
    return made.scorer.score(requests, gold=gold)


def _rewards(made: BeforeRL, rows: Sequence[Row], texts: Sequence[str | None]) -> np.ndarray:
    """Mean gains (len(PANELS), n) in thousandths of a nat."""
    return 1000 * np.array(
        [[panel.mean for panel in _panels(made, rows, texts, group, gold)] for group, gold in PANELS]
    )


def _templates(made: BeforeRL, side: str, rows: Sequence[Row]) -> None:
    usual = _rewards(made, rows, [row["evidence_text"] for row in rows])
    print(f"\n{side}: {len(rows)} subjects\n\n| told | of | {' | '.join(HEADERS)} |\n|---|---|---|---|---|")
    print(f"| evidence text | {len(rows)} | {' | '.join(_mean(of) for of in usual)} |")
    for told in TEMPLATES[side]:
        texts = [_sentence(row, told) for row in rows]
        found = _rewards(made, rows, texts)
        cells = [f"{_mean(of)} ({_mean(of - beside)})" for of, beside in zip(found, usual, strict=True)]
        print(f"| {_named(told)} | {sum(map(bool, texts))} | {' | '.join(cells)} |")


def _by_thickness(made: BeforeRL, side: str, rows: Sequence[Row]) -> None:
    one, other = CONTRASTS[side]
    events = np.array([len(panel.event_ids) for panel in _panels(made, rows, [None] * len(rows), "reward", False)])
    both = np.array([bool(_sentence(row, one) and _sentence(row, other)) for row in rows], dtype=bool)
    told = [row for row, has in zip(rows, both, strict=True) if has]
    means = [
        [panel.mean for panel in _panels(made, told, [_sentence(row, facts) for row in told], "reward", False)]
        for facts in (one, other)
    ]
    apart = 1000 * (np.array(means[0]) - np.array(means[1]))
    contrast = f"{_named(one)} − {_named(other)}"
    print(f"\n| panel events at least | {side}s | have both | {contrast} | sd |\n|---|---|---|---|---|")
    for fewest in THICKNESS:
        found = apart[events[both] >= fewest]
        if len(found):
            print(f"| {fewest} | {(events >= fewest).sum()} | {len(found)} | {_mean(found)} | {found.std():.1f} |")


def _named(told: Told) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in told.items())


def _sentence(row: Row, told: Told) -> str | None:
    """The first facts of each kind; liked ones alone where a kind holds both."""
    clauses = []
    for kind, count in told.items():
        facts = [fact for fact in row["facts"] if fact["kind"] == kind]
        if kind == "parts_from_crowd":
            facts = [fact for fact in facts if fact["weight"] > 0]
        if facts:
            clauses.append(f"{WORDS[kind]} {', '.join(short_title(fact['text']) for fact in facts[:count])}")
    if not clauses:
        return None
    who = f"People who like {short_title(row['title'])}" if row["side"] == "item" else "This person"
    return f"{who} {', and '.join(clauses)}."


def _samples(chain: Chain, made: BeforeRL, side: str, rows: Sequence[Row], samples: int, temperature: float) -> None:
    from curec_assets.language_model.beside import open_beside
    from curec_assets.language_model.prompts import explain_prompt
    from curec_assets.reasons.candidates import sample_candidates
    from curec_assets.reasons.catalogue_names import grounding_of

    profile = chain.profile
    sampling = profile.sampling.model_copy(update={"temperature": temperature, "top_p": 1.0})
    *_, aligned = open_beside(made.base, [made.aligned], profile.language_model, sampling)
    prompts = [explain_prompt(row) for row in rows]
    grounding = grounding_of(made.evidence)
    groups = sample_candidates(rows, prompts, samples, aligned, grounding, profile.gate, made.run.seed)
    passing = [(row, [text.reason for text in group if text.passes]) for row, group in zip(rows, groups, strict=True)]
    several = [(row, texts) for row, texts in passing if len(texts) > 1]
    flat = [(row, text) for row, texts in several for text in texts]
    found = _rewards(made, [row for row, _ in flat], [text for _, text in flat])
    owner = np.repeat(np.arange(len(several)), [len(texts) for _, texts in several])
    count = np.bincount(owner)
    mean = np.stack([np.bincount(owner, of) / count for of in found])
    apart = found - mean[:, owner]
    share = sum(len(texts) for _, texts in passing) / (samples * len(rows))
    print(f"\n{side}: {samples} texts each of {len(rows)} subjects at temperature {temperature};")
    print(f"{share:.2f} pass the gates, of {len(several)} subjects two or more")
    print(f"\n| | {' | '.join(HEADERS)} |\n|---|---|---|---|")
    usual = _rewards(made, [row for row, _ in several], [row["evidence_text"] for row, _ in several])
    print(f"| mean | {' | '.join(_mean(of) for of in mean)} |")
    print(f"| mean − evidence text | {' | '.join(_mean(of) for of in mean - usual)} |")
    print(f"| spread over subjects (sd) | {' | '.join(f'{of.std():.2f}' for of in mean)} |")
    print(f"| spread over texts of one subject (sd) | {' | '.join(f'{of.std():.2f}' for of in apart)} |")
    with_reward = [np.corrcoef(apart[0], of)[0, 1] for of in apart]
    print(f"| correlation with the reward group's | {' | '.join(f'{of:.2f}' for of in with_reward)} |")
    best = np.array([np.flatnonzero(owner == n)[found[0][owner == n].argmax()] for n in range(len(several))])
    gains = [_mean(of[best] - of_mean) for of, of_mean in zip(found, mean, strict=True)]
    print(f"| best by the reward group − mean | {' | '.join(gains)} |")
    _by_telling(flat, apart, owner)


def _by_telling(texts: Sequence[tuple[Row, str | None]], apart: np.ndarray, owner: np.ndarray) -> None:
    """What ``texts`` (row, text) that name a kind of fact earn over others of their subject ``owner`` that do not, by
    rewards ``apart`` (len(PANELS), n) about the subject's mean."""
    from curec_assets.language_model.prompts import facts_shown
    from curec_assets.rl_policy.held_out import NAMED_KINDS, tells

    print(
        f"\n| texts that name | share | subjects with both sorts | {' | '.join(HEADERS)} |\n|---|---|---|---|---|---|"
    )
    for kind in NAMED_KINDS:
        has = np.array([bool(facts_shown(row, kind)) for row, _ in texts])
        names = np.array([tells(text, row, kind) for row, text in texts])
        both = [own for own in np.unique(owner[has]) if 0 < names[owner == own].mean() < 1]
        if not both:
            continue
        gains = np.array(
            [
                apart[:, (owner == own) & names].mean(axis=1) - apart[:, (owner == own) & ~names].mean(axis=1)
                for own in both
            ]
        ).T
        counts = f"{len(both)} of {len(np.unique(owner[has]))}"
        print(f"| {kind} | {names[has].mean():.2f} | {counts} | {' | '.join(_mean(of) for of in gains)} |")


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():+.2f} ± {values.std() / max(1, len(values)) ** 0.5:.2f}"


if __name__ == "__main__":
    main()
