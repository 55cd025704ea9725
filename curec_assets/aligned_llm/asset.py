"""The aligned LLM asset."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("pytorch", "huggingface", heavy=True)
def aligned_llm(run: WindowRun) -> Published:
    """LoRA adapter that teaches the base model to follow recommendation instructions, with reasoning.

    Tasks: judge (would this user like this item?), choose (did this one come next?), explain (why do people like it?).
    Rationales are bootstrapped from the model itself (STaR, Zelikman et al. 2022; deviations are listed in
    `curec_assets/aligned_llm/bootstrap.py`): kept when grounded and leading to the right answer without the hint, else
    verbalised from the evidence. Continues from the adapter (LoRA, Hu et al. 2021) of the window before.
    """
    from curec_assets.aligned_llm.train import align
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.language_model.policy import base_model_of, require_same_base
    from curec_assets.language_model.precision import weights_type

    base, base_id = base_model_of(run)
    before = run.read.previous("aligned_llm")
    require_same_base(run, before, base_id)
    with run.scratch() as folder:
        alignment = align(
            run.read.up_to("evidence"),
            labelled_events(
                run.read.up_to("cleaned_interactions"),
                run.chain.data_set,
                run.profile.negatives_per_positive,
                run.profile.seed,
            ),
            base,
            run.weights(before) if len(before) else None,
            folder,
            run.profile.language_model,
            run.profile.alignment,
            run.profile.gate,
            run.seed,
            run.progress,
            run.checkpoints(base_id),
        )
        metrics = {**alignment.metrics, "weights_type": weights_type(run.profile.language_model.dtype)}
        return run.publish_model(folder, metrics, alignment.curves, base_model=base_id)
