"""The ranking assets: all arms trained, judged on the next window, and what is recommended."""

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("pytorch", heavy=True)
def ranker(run: WindowRun) -> Published:
    """Downstream recommenders of all arms, same backbone, seeds and budget; they differ in the text they are handed.

    A learned gate fuses id, metadata and reason embeddings on both sides, so that an item without history can be
    ranked (`curec_assets/ranker/fusion.py`):

    ```
    fused = e(id) + g_m * A_m(metadata) + g_r * A_r(reason),  gates g in (0, 1) per dimension
    ```

    Every event carries the reason valid before its window, or none. Backbones: DIN (Zhou et al. 2018), SASRec (Kang and
    McAuley 2018). Where the next window is not judged, only what is served and ``id_only`` are trained, one seed each.
    """
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.ranker.train import train_ranker

    windows = run.chain.all_windows()
    encoder = load_encoder(run.profile.encoder)
    with run.scratch() as folder:
        training = train_ranker(
            run.read.up_to("cleaned_interactions"),
            run.read.up_to("items"),
            run.read.up_to("evidence"),
            run.read.up_to("reason_embeddings"),
            encoder,
            windows[: windows.index(run.window) + 1],
            run.chain.ranker_trained_in(run.window),
            run.seed,
            folder,
            run.progress,
            run.checkpoints(encoder.name),
            implicit=run.chain.data_set.implicit,
        )
        return run.publish_model(folder, training.metrics, training.curves)


@window_asset("pytorch", "scikitlearn", heavy=True)
def ranker_evaluation(run: WindowRun) -> Published:
    """Prequential test: rankers trained up to the window before, judged on this one, arm by arm and slice by slice.

    Intervals come from users and seeds resampled jointly; the primary contrasts are corrected for their number. The
    first window has nothing to judge. How far errors differ between groups of items, and of users where the data
    describes them, stands as ``ranker_groups``. Beside the rankers stand the corrections of the window before: their
    gain on this window's events, by the gold reward model; and its aligned LLM beside the base model, on the same
    events.
    """
    from curec_assets.aligned_llm.held_out import evaluate_alignment
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.lake.schemas import EVALUATIONS
    from curec_assets.language_model.beside import open_beside
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.language_model.policy import base_model_of, require_same_base
    from curec_assets.ranker.evaluate import evaluate_ranker
    from curec_assets.reasons.later_gain import later_gain
    from curec_assets.reward_model.scoring import RewardScorer

    trained = run.read.previous("ranker")
    if not len(trained):
        return run.publish(EVALUATIONS.empty_table(), {"note": "no ranker before the first window"})
    cleaned = run.read.up_to("cleaned_interactions")
    evidence = run.read.up_to_previous("evidence")
    ranking = evaluate_ranker(
        run.weights(trained),
        cleaned,
        run.read.up_to("items"),
        evidence,
        run.read.up_to("reason_embeddings"),
        run.read.up_to("users"),
        load_encoder(run.profile.encoder),
        run.window,
        run.chain.ranker_judged_in(run.window),
        run.profile.user_groups,
        run.seed,
        run.progress,
        implicit=run.chain.data_set.implicit,
    )
    events = labelled_events(cleaned, run.chain.data_set, run.profile.negatives_per_positive, run.profile.seed)
    scorer = RewardScorer.load(
        run.weights(run.read.previous("reward_model")),
        events.filter(pc.less(events["ts"], pa.scalar(run.window.start, events["ts"].type))),
        load_encoder(run.profile.encoder),
        load_encoder(run.profile.gold_encoder),
    )
    correction = later_gain(
        run.read.previous("corrected_reasons"),
        events.filter(pc.greater_equal(events["ts"], pa.scalar(run.window.start, events["ts"].type))),
        scorer,
        run.seed,
    )
    aligned_llm = run.read.previous("aligned_llm")
    base, base_id = base_model_of(run)
    require_same_base(run, aligned_llm, base_id)
    alignment = evaluate_alignment(
        *open_beside(base, [run.weights(aligned_llm)], run.profile.language_model, run.profile.sampling),
        evidence,
        events,
        run.window,
        run.profile.held_out,
        run.profile.alignment,
        run.profile.gate,
        run.seed,
        run.progress,
    )
    return run.publish(
        pa.concat_tables([ranking, correction, alignment.evaluations]),
        {"rankings": len(ranking), **alignment.metrics, "before_and_after_alignment": alignment.pairs},
    )


@window_asset("pytorch", "parquet", heavy=True)
def recommendations(run: WindowRun) -> Published:
    """Top-N per user active in the window, seen items left out, each with the item's current reason, the items of the
    user's own history with the largest attention, and ``why``: what lowers the score when it is taken away.

    Whether that holds is measured on a sample of users: what is named is removed, and as much at random. For the same
    users stand the lists that the other arms trained in this window would make, not served, for the audit.
    """
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.ranker.recommend import recommend
    from curec_assets.reasons.current import current_reasons

    found = recommend(
        run.weights(run.read.at("ranker")),
        run.read.up_to("cleaned_interactions"),
        run.read.up_to("items"),
        run.read.up_to("evidence"),
        run.read.up_to("reason_embeddings"),
        current_reasons(run.read.up_to("corrected_reasons")),
        load_encoder(run.profile.encoder),
        run.window,
        run.chain.ranker_trained_in(run.window),
        run.seed,
        run.progress,
    )
    served = found.table.filter(found.table["served"])
    named = [{part["part"] for part in why} for why in served["why"].to_pylist()]
    metrics = {
        "users": len(set(served["user_id"].to_pylist())),
        "served": len(served),
        "with_reason_share": (len(served) - served["reason"].null_count) / max(1, len(served)),
        **{
            f"why_names_{part}_share": sum(part in parts for parts in named) / max(1, len(named))
            for part in ("history", "reason", "interest")
        },
        "evaluations": found.evaluations,
    }
    return run.publish(found.table, metrics)
