"""The language model and the sentence encoders."""

from curec_assets.language_model import offline as offline
