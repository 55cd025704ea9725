from tests.language_model.tiny_model import tiny_base

__all__ = ["tiny_base"]
