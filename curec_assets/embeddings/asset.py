"""The reason embeddings asset."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("sentence-transformers", "parquet", heavy=True)
def reason_embeddings(run: WindowRun) -> Published:
    """Unit sentence embedding of every reason that is new in the window, by role; equal texts are encoded once."""
    from curec_assets.embeddings.embed import embed_reasons
    from curec_assets.language_model.encoder import load_encoder

    written = embed_reasons(
        run.read.at("arrival_reasons"),
        run.read.at("draft_reasons"),
        run.read.at("corrected_reasons"),
        load_encoder(run.profile.encoder),
        run.window,
    )
    return run.publish(written.table, written.metrics)
