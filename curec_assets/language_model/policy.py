"""From the manifest rows of trained adapters to a generator that writes with them."""

from pathlib import Path

import pyarrow as pa

from curec_assets.lake.as_of import ConfigurationChangedError
from curec_assets.lake.window_run import WindowRun
from curec_assets.language_model.generation import TransformersGenerator
from curec_assets.language_model.loading import base_model_folder, base_model_id, load_language_model


def base_model_of(run: WindowRun) -> tuple[Path, str]:
    """Folder and id of the chain's base model."""
    base = base_model_folder(run.profile.language_model, run.job.models)
    return base, base_model_id(base)


def open_generator(run: WindowRun, *models: pa.Table) -> TransformersGenerator:
    """A generator over the base model and the adapters of ``models``, in the order in which they were trained.

    Args:
        run: the window's run; its profile says how texts are drawn.
        models: manifest rows (one each) of adapters that were read.
    """
    base, base_id = base_model_of(run)
    for model in models:
        require_same_base(run, model, base_id)
    language_model, tokenizer = load_language_model(
        base, [run.weights(model) for model in models], run.profile.language_model.dtype
    )
    return TransformersGenerator(language_model, tokenizer, run.profile.sampling, run.profile.language_model)


def require_same_base(run: WindowRun, model: pa.Table, base_id: str) -> None:
    """Refuse an adapter that was trained on another base model than the one at hand.

    Raises:
        ConfigurationChangedError: naming both.
    """
    for artifact, trained_on in zip(model["artifact_id"].to_pylist(), model["base_model"].to_pylist(), strict=True):
        if trained_on != base_id:
            raise ConfigurationChangedError(
                f"{run.chain.name}/{run.job.asset} in {run.window.key}: {artifact} was trained on the base model "
                f"{trained_on}, the one at hand is {base_id}; restore it, or start the chain's models again"
            )
