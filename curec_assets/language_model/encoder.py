"""Sentence encoders: text in, unit vectors out, each a function of its text alone.

A vector must not depend on which other texts share its batch, or a reason's embedding would change with the company
it is computed in and content hashes with it. So a batch only ever holds texts of one token length (no padding).
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from curec_assets.language_model.config import EncoderConfig

BATCH = 32
CACHED_TEXTS = 200_000


class TextEncoder(Protocol):
    """Anything that encodes texts: ``name`` says which weights, ``dimension`` the vector length."""

    name: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit-length float32 vectors of shape ``(len(texts), dimension)``, in the order of ``texts``."""
        ...


@lru_cache(maxsize=4)
def load_encoder(config: EncoderConfig) -> TextEncoder:
    """The encoder that ``config.source`` names; loaded once a process, so that stages share its cache."""
    kind, _, rest = config.source.partition(":")
    if kind == "hashing":
        return HashingEncoder(int(rest))
    if kind == "package":
        from importlib.resources import files

        return SentenceEncoder(str(files(rest) / "model"), config.source, config.max_tokens)
    return SentenceEncoder(config.source, config.source, config.max_tokens)


class _CachedEncoder:
    """Remembers vectors by text for the life of the process and encodes each distinct text once."""

    name: str
    dimension: int

    def __init__(self) -> None:
        self._cache: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        missing = sorted({text for text in texts if text not in self._cache})
        if len(self._cache) + len(missing) > CACHED_TEXTS:
            self._cache = {text: self._cache[text] for text in texts if text in self._cache}
        for text, vector in zip(missing, self._encode_distinct(missing), strict=True):
            self._cache[text] = vector
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._cache[text] for text in texts])

    def _encode_distinct(self, texts: list[str]) -> np.ndarray:
        raise NotImplementedError


class SentenceEncoder(_CachedEncoder):
    """A sentence-transformers model on CPU (or the GPU where one is visible)."""

    def __init__(self, source: str, name: str, max_tokens: int) -> None:
        super().__init__()
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(source)
        self._model.max_seq_length = max_tokens
        self.name = f"{name}#{_weights_digest(source)}" if Path(source).exists() else name
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def _encode_distinct(self, texts: list[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        lengths = self._model.tokenizer(texts, truncation=True, max_length=self._model.max_seq_length)["input_ids"]
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, ids in enumerate(lengths):
            by_length[len(ids)].append(index)
        for same_length in by_length.values():
            vectors[same_length] = self._model.encode(
                [texts[i] for i in same_length],
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return vectors


class HashingEncoder(_CachedEncoder):
    """Signed hashing of words and character n-grams: needs no weights, and shares nothing with a neural encoder."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        from sklearn.feature_extraction.text import HashingVectorizer

        self.dimension = dimension
        self.name = f"hashing:{dimension}"
        self._words = HashingVectorizer(n_features=dimension, ngram_range=(1, 2), norm=None)
        self._characters = HashingVectorizer(n_features=dimension, analyzer="char_wb", ngram_range=(3, 5), norm=None)

    def _encode_distinct(self, texts: list[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        counts = self._words.transform(texts).toarray() + 0.3 * self._characters.transform(texts).toarray()
        norms = np.linalg.norm(counts, axis=1, keepdims=True)
        return (counts / np.maximum(norms, 1e-12)).astype(np.float32)


def _weights_digest(folder: str) -> str:
    digest = sha256()
    for path in sorted(Path(folder).glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
