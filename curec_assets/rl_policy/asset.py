"""The RL policy asset."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("pytorch", "huggingface", heavy=True)
def rl_policy(run: WindowRun) -> Published:
    """LoRA adapter on the merged aligned LLM, tuned by GRPO (Shao et al. 2024) on the reward model's reward.

    Goes on from the adapter of the window before: a group of completions per subject, with a KL term to the aligned
    LLM. The reward of a completion, beside the subject's others and in units of how texts of one subject differ
    (`curec_assets/rl_policy/rewards.py`; `train.py` lists each deviation from the published GRPO):

    ```
    passes the format gate:  clip((panel - mean) / spread) - penalty * min(faults, cap)
    fails it:                floor
    ```

    A fault is a claim that the evidence does not hold, or naming too little of it. Every step logs reward, gold reward,
    KL, entropy and length.
    Measured beside the aligned LLM on subjects that are kept out of RL in every window.
    """
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.language_model.beside import open_beside
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.language_model.policy import base_model_of, require_same_base
    from curec_assets.reasons.catalogue_names import grounding_of
    from curec_assets.reward_model.scoring import RewardScorer
    from curec_assets.rl_policy.held_out import evaluate_policy
    from curec_assets.rl_policy.subjects import panel_rewards, rl_subjects
    from curec_assets.rl_policy.train import train_policy

    base, base_id = base_model_of(run)
    aligned, before = run.read.at("aligned_llm"), run.read.previous("rl_policy")
    require_same_base(run, aligned, base_id)
    require_same_base(run, before, base_id)
    evidence = run.read.up_to("evidence")
    cleaned = labelled_events(
        run.read.up_to("cleaned_interactions"),
        run.chain.data_set,
        run.profile.negatives_per_positive,
        run.profile.seed,
    )
    scorer = RewardScorer.load(
        run.weights(run.read.at("reward_model")),
        cleaned,
        load_encoder(run.profile.encoder),
        load_encoder(run.profile.gold_encoder),
    )
    drawn = rl_subjects(evidence, run.window, scorer, run.profile.policy, run.seed)
    grounding = grounding_of(evidence)
    with run.scratch() as folder:
        training = train_policy(
            drawn.tuned,
            panel_rewards(scorer, run.profile.policy),
            panel_rewards(scorer, run.profile.policy, gold=True),
            base,
            run.weights(aligned),
            run.weights(before) if len(before) else None,
            folder,
            run.profile.language_model,
            run.profile.policy,
            run.profile.gate,
            grounding,
            run.seed,
            run.progress,
            run.checkpoints(base_id),
        )
        sampling = run.profile.sampling.model_copy(update={"max_new_tokens": run.profile.policy.max_completion_tokens})
        start, tuned = open_beside(base, [run.weights(aligned), folder], run.profile.language_model, sampling)
        evaluations = evaluate_policy(
            start,
            tuned,
            drawn.held_out,
            scorer,
            run.profile.policy,
            run.profile.gate,
            grounding,
            run.seed,
            run.progress,
        )
        return run.publish_model(folder, training.metrics, training.curves, evaluations, base_id)
