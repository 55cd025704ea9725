"""The reason assets: drafts, arrivals, and the corrected reason table."""

import pyarrow.compute as pc

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("huggingface", "parquet", heavy=True)
def draft_reasons(run: WindowRun) -> Published:
    """The aligned LLM's uncorrected reasons: several samples per subject of the window's review set.

    The review set (new, drifted, most exposed first, within a budget of tokens) is fixed here, before anything is
    generated, and limits drafts, candidates and ablation arms alike; what the budget leaves over is counted.
    """
    from curec_assets.language_model.policy import open_generator
    from curec_assets.reasons.catalogue_names import grounding_of
    from curec_assets.reasons.drafts import draft_reasons as write_drafts
    from curec_assets.reasons.review_set import choose_review_set

    aligned = run.read.at("aligned_llm")
    evidence = run.read.up_to("evidence")
    review = choose_review_set(evidence, run.read.up_to_previous("draft_reasons"), run.window, run.profile.review)
    written = write_drafts(
        review,
        evidence,
        open_generator(run, aligned),
        grounding_of(evidence),
        run.profile.drafts,
        run.profile.gate,
        aligned["artifact_id"][0].as_py(),
        run.seed,
        run.progress,
    )
    return run.publish(written.table, written.metrics)


@window_asset("huggingface", "parquet", heavy=True)
def arrival_reasons(run: WindowRun) -> Published:
    """Reasons for items the moment they first appear, from metadata alone, by the policy of the window before.

    What a cold item has at serving time. A chain's first window has no policy before it and writes none.
    """
    from curec_assets.language_model.policy import open_generator
    from curec_assets.reasons.arrivals import arrival_reasons as write_arrivals
    from curec_assets.reasons.catalogue_names import grounding_of

    items = run.read.up_to("items")
    policy, aligned = run.read.previous("rl_policy"), run.read.previous("aligned_llm")
    written = write_arrivals(
        items.filter(pc.equal(items["window"], run.window.key)),
        open_generator(run, aligned, policy) if len(policy) else None,
        grounding_of(items),
        run.profile.arrivals,
        run.profile.gate,
        policy["artifact_id"][0].as_py() if len(policy) else None,
        run.seed,
        run.progress,
    )
    return run.publish(written.table, written.metrics)


@window_asset("huggingface", "pytorch", "parquet", heavy=True)
def corrected_reasons(run: WindowRun) -> Published:
    """The reason table: every review with what was done (arrived, created, corrected, kept, withdrawn) and why.

    K candidates from the RL policy pass the gates (format, grounding) and name something of their evidence; the reward
    group picks the best; the acceptance group decides by the paired gain over the incumbent, partially pooled across
    the window's reviews (`curec_assets/reasons/acceptance.py`):

    ```
    gain on event j of review i ~ N(gain_i, noise^2),  gain_i ~ N(mean, spread^2)
    corrected where the posterior quantile of gain_i is above 0
    ```

    A reason holds from the end of the window that accepted it.
    """
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.language_model.policy import open_generator
    from curec_assets.reasons.catalogue_names import grounding_of
    from curec_assets.reasons.correction import correct_reasons
    from curec_assets.reward_model.scoring import RewardScorer

    policy, rewards = run.read.at("rl_policy"), run.read.at("reward_model")
    evidence = run.read.up_to("evidence")
    scorer = RewardScorer.load(
        run.weights(rewards),
        labelled_events(
            run.read.up_to("cleaned_interactions"),
            run.chain.data_set,
            run.profile.negatives_per_positive,
            run.profile.seed,
        ),
        load_encoder(run.profile.encoder),
        load_encoder(run.profile.gold_encoder),
    )
    written = correct_reasons(
        run.read.at("draft_reasons"),
        evidence,
        run.read.up_to_previous("corrected_reasons"),
        run.read.at("arrival_reasons"),
        open_generator(run, run.read.at("aligned_llm"), policy),
        scorer,
        grounding_of(evidence),
        run.window,
        run.profile.correction,
        run.profile.gate,
        policy["artifact_id"][0].as_py(),
        rewards["artifact_id"][0].as_py(),
        run.seed,
        run.progress,
    )
    return run.publish(written.table, written.metrics)
