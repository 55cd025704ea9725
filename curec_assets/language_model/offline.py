"""The environment of the Hugging Face libraries: no stage talks to a hub, reports telemetry or draws bars into logs.

They read it once, when they are first imported, so the package imports this module before anything else. What the
user's own environment says is left as it is.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# TRL warns that rollout functions are experimental; our pinned version has the one we use.
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
