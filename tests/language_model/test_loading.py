import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from curec_assets.lake.hashing import hash_folder
from curec_assets.language_model.adapters import lora_config, merge_adapter, new_adapter, save_adapter
from curec_assets.language_model.config import AdapterConfig, LanguageModelConfig
from curec_assets.language_model.loading import base_model_folder, base_model_id, load_base_model, load_language_model
from tests.language_model.tiny_model import TINY

ADAPTER = AdapterConfig(rank=4, alpha=8.0, layers=1)
IDS = torch.tensor([[5, 6, 7, 8, 9]])


def trained_adapter(base: Path, folder: Path, scale: float) -> Path:
    """An adapter whose update is not zero."""
    torch.manual_seed(3)
    adapted = new_adapter(load_base_model(base, "float32")[0], ADAPTER)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(std=scale)
    save_adapter(adapted, folder, base.name)
    return folder


def test_the_tiny_model_is_the_same_bytes_wherever_it_is_made(tiny_base: Path, tmp_path: Path) -> None:
    again = base_model_folder(TINY, tmp_path)
    assert again != tiny_base
    assert hash_folder(again) == hash_folder(tiny_base)
    assert base_model_id(again) == base_model_id(tiny_base)


def test_a_model_is_made_once_and_leaves_nothing_beside_it(tiny_base: Path) -> None:
    before = (tiny_base / "model.safetensors").stat().st_mtime_ns
    assert base_model_folder(TINY, tiny_base.parent) == tiny_base
    assert (tiny_base / "model.safetensors").stat().st_mtime_ns == before
    assert [path.name for path in tiny_base.parent.iterdir()] == [tiny_base.name]


def test_a_failed_making_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no random model 'huge'"):
        base_model_folder(LanguageModelConfig(source="random:huge"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_local_folder_is_used_in_place(tiny_base: Path, tmp_path: Path) -> None:
    assert base_model_folder(LanguageModelConfig(source=str(tiny_base)), tmp_path) == tiny_base
    assert list(tmp_path.iterdir()) == []


def test_a_hub_id_is_not_downloaded_unless_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 0, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ValueError, match="allow_download"):
        base_model_folder(LanguageModelConfig(source="someone/some-model"), tmp_path)
    assert called == []
    base_model_folder(LanguageModelConfig(source="someone/some-model", allow_download=True), tmp_path)
    assert "someone/some-model" in called[0]


def test_a_failed_download_names_the_source_the_folder_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, stderr="Traceback\n" * 200 + "Error: no such repository.\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ValueError, match="no such repository") as refused:
        base_model_folder(LanguageModelConfig(source="someone/some-model", allow_download=True), tmp_path)
    assert f"'someone/some-model' could not be downloaded into {tmp_path}: " in str(refused.value)
    assert len(str(refused.value)) < 700
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'no_such_package' is not installed"):
        base_model_folder(LanguageModelConfig(source="package:no_such_package"), tmp_path)


def test_weights_in_a_package_are_found_without_importing_it(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "carried_llm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('needs something else')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    (package / "model").mkdir()
    for file in tiny_base.iterdir():
        (package / "model" / file.name).write_bytes(file.read_bytes())
    folder = base_model_folder(LanguageModelConfig(source="package:carried_llm"), tmp_path / "models")
    assert hash_folder(folder) == hash_folder(tiny_base)


def test_importing_any_module_of_the_package_keeps_the_libraries_offline() -> None:
    code = (
        "import curec_assets.language_model.config, huggingface_hub.constants as c;"
        "assert c.HF_HUB_OFFLINE and c.HF_HUB_DISABLE_TELEMETRY"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_configuration_does_not_import_torch() -> None:
    code = (
        "import sys, curec_assets.language_model.config, curec_assets.aligned_llm.config;"
        "import curec_assets.rl_policy.config;"
        "assert not {'torch', 'transformers', 'trl', 'pyarrow', 'duckdb'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_fresh_adapter_changes_nothing(tiny_base: Path, tmp_path: Path) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    plain = model(IDS).logits
    save_adapter(new_adapter(model, ADAPTER), tmp_path / "fresh", tiny_base.name)
    adapted, _ = load_language_model(tiny_base, [tmp_path / "fresh"], "float32")
    assert torch.equal(adapted(IDS).logits, plain)


def test_an_adapter_is_safetensors_and_json_without_paths(tiny_base: Path, tmp_path: Path) -> None:
    folder = trained_adapter(tiny_base, tmp_path / "adapter", 0.1)
    assert {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}
    settings = json.loads((folder / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == tiny_base.name
    assert str(tmp_path) not in (folder / "adapter_config.json").read_text()
    assert all(".layers.1." in name for name in load_file(folder / "adapter_model.safetensors"))


def test_adapters_act_one_after_the_other(tiny_base: Path, tmp_path: Path) -> None:
    first = trained_adapter(tiny_base, tmp_path / "first", 0.1)
    second = trained_adapter(tiny_base, tmp_path / "second", 0.2)
    stacked, _ = load_language_model(tiny_base, [first, second], "float32")
    merged = merge_adapter(merge_adapter(load_base_model(tiny_base, "float32")[0], first), second)
    torch.testing.assert_close(stacked(IDS).logits, merged(IDS).logits)
    assert not torch.allclose(stacked(IDS).logits, load_base_model(tiny_base, "float32")[0](IDS).logits)


def test_an_update_below_the_grid_of_bfloat16_still_acts(tiny_base: Path, tmp_path: Path) -> None:
    small = trained_adapter(tiny_base, tmp_path / "small", 1e-4)
    base, _ = load_base_model(tiny_base, "bfloat16")
    merged = merge_adapter(load_base_model(tiny_base, "bfloat16")[0], small)
    changed = [not torch.equal(old, new) for old, new in zip(base.parameters(), merged.parameters(), strict=True)]
    beside, _ = load_language_model(tiny_base, [small], "bfloat16")
    updates = [m.get_delta_weight("default").abs().max() for m in beside.modules() if hasattr(m, "get_delta_weight")]
    assert updates
    assert all(update > 0 for update in updates)
    assert sum(changed) <= len(updates)


def test_more_layers_than_the_model_has_are_refused(tiny_base: Path) -> None:
    with pytest.raises(ValueError, match="last 3 blocks, but the model has 2"):
        lora_config(load_base_model(tiny_base, "float32")[0], AdapterConfig(layers=3))


def test_pickled_weights_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for file in tiny_base.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    torch.save(load_file(tiny_base / "model.safetensors"), folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load_base_model(folder, "float32")
    save_file(load_file(tiny_base / "model.safetensors"), folder / "model.safetensors", {"format": "pt"})
    load_base_model(folder, "float32")
