"""The reward model asset."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("pytorch", heavy=True)
def reward_model(run: WindowRun) -> Published:
    """A recommender that reads: target attention over the user's history (as in DIN, Zhou et al. 2018), with reasons on
    both sides.

    A reason's reward is what its words add to the log-likelihood of who likes the item, in nats per event, with ids
    masked (`curec_assets/reward_model/scoring.py`):

    ```
    reward(r | item) = mean over panel events (u, y) of  log p(y | u, r) - log p(y | u, no reason)
    ```

    Cross-fitted: an event is scored by a model not trained on its user (or item). The gold model has another encoder
    and seed, shares no event with the others (people of the evidence group it does), and is never seen by RL.
    """
    from curec_assets.interactions.labels import labelled_events
    from curec_assets.language_model.encoder import load_encoder
    from curec_assets.reward_model.train import train_reward_model

    encoder, gold_encoder = load_encoder(run.profile.encoder), load_encoder(run.profile.gold_encoder)
    with run.scratch() as folder:
        training = train_reward_model(
            labelled_events(
                run.read.up_to("cleaned_interactions"),
                run.chain.data_set,
                run.profile.negatives_per_positive,
                run.profile.seed,
            ),
            run.read.up_to("evidence"),
            run.read.up_to("draft_reasons"),
            run.read.up_to("items"),
            encoder,
            gold_encoder,
            run.profile.reward_model,
            run.seed,
            folder,
            run.progress,
            run.checkpoints(encoder.name, gold_encoder.name),
        )
        reliability = [found.as_metric() for found in training.reliability]
        metrics = {**training.metrics, "reliability": reliability}
        return run.publish_model(folder, metrics, training.curves, training.evaluations)
