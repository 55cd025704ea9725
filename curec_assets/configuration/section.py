"""The base of every configuration object: frozen, closed to unknown keys, documented field by field."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen part of a configuration file.

    Unknown keys, wrong types and impossible values raise ``pydantic.ValidationError`` at load; the loader turns that
    into one sentence naming the file, the key and what was expected.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, use_attribute_docstrings=True)
