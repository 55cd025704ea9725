import pytest
import torch

from curec_assets.language_model.precision import weights_type


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx2": True}, "float32"), ({"avx2": True, "avx512_bf16": True}, "bfloat16"), ({"bf16": True}, "bfloat16")],
)
def test_auto_takes_bfloat16_only_where_the_processor_multiplies_it(
    capabilities: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert weights_type("auto") == expected


def test_a_named_type_is_taken_as_it_is() -> None:
    assert weights_type("bfloat16") == "bfloat16"
    assert weights_type("float32") == "float32"
