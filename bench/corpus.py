"""Real texts found on this machine, and what they mean: the vectors of bench.vectors.

Manual pages, /usr/share/doc and the docstrings of Python's own library, cut into passages of 30 to
60 words. Each passage is embedded once, into 384 numbers. A row stands for a window over its
document: one passage has 384 dimensions, two that follow each other 768, four 1536, each part as
long as the others. So every number comes from a text; nothing is projected or made up.
"""

import ast
import gzip
import hashlib
import json
import re
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.minilm import MiniLM
from pyapp.progress import Bar

CACHE = Path(__file__).resolve().parent / ".cache"
ROWS, QUERIES = 10_000, 300
_FEWEST, _MOST = 30, 60  # words of a passage
_AT_MOST = 20  # passages of one document, so that no long manual fills the corpus
_AT_MOST_ALIKE = 40  # documents whose names begin alike: some tools bring thousands of pages
_WINDOW = 4
_ROFF = (
    (re.compile(r"^[.'](?:B|I|BR|RB|IR|RI|BI|IB|SM|SB|Nm|Fl|Ar|Xr|Pa)\s+(.*)$", re.M), r"\1"),
    (re.compile(r"^[.'](?:SH|SS|TP|PP|LP|IP|P|HP|RS|RE|sp)\b.*$", re.M), "\n\n"),
    (re.compile(r"^[.'].*$", re.M), ""),
    (re.compile(r"\\f(?:\[\w*\]|\(..|.)|\\&|\\[|^]"), ""),
    (re.compile(r"\\\((?:em|en|hy)|\\-"), "-"),
    (re.compile(r"\\[(*]\(?(?:aq|lq|rq|dq|cq|oq|L\"|R\")"), "'"),
    (re.compile(r"\\e|\\\\"), r"\\"),
)


class Corpus:
    """Windows over documents; those of the queries come from documents that have no row."""

    def __init__(self, texts: list[str], starts: list[int], vectors: Any) -> None:
        self.texts, self.starts, self.vectors = texts, starts, vectors

    def text(self, row: int) -> str:
        """What a row of the store begins with; copies are told apart by their number."""
        return f"{row}: {self.texts[self.starts[QUERIES + row % ROWS]]}"

    def windows(self, dimensions: int) -> Any:
        """A row of unit length for each window: the passages in it, one after the other."""
        passages = dimensions // 384
        at = np.asarray(self.starts)[:, None] + np.arange(passages)
        found = self.vectors[at].reshape(len(at), -1)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def documents() -> Iterator[tuple[str, str]]:
    """Everything readable there is, with its name; in an order that no folder decides."""
    found: list[tuple[str, Path, Callable[[str], str]]] = []
    for pattern in ("man[1-8]/*.gz", "man[1-8]/*.[1-8]"):
        found += [(f"man/{p.name}", p, _manual) for p in Path("/usr/share/man").glob(pattern)]
    for ends in ("txt", "md", "rst", "txt.gz", "md.gz", "README", "README.gz", "NEWS.gz"):
        doc = Path("/usr/share/doc")
        found += [(f"doc/{p.relative_to(doc)}", p, str) for p in doc.rglob(f"*{ends}")]
    library = Path(sysconfig.get_path("stdlib"))
    for path in library.rglob("*.py"):
        name = str(path.relative_to(library))
        if "site-packages" not in name and "test" not in name:
            found.append((f"python/{name}", path, _docstrings))
    found.sort(key=lambda one: hashlib.sha256(one[0].encode()).digest())
    for name, path, read in found:
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            try:
                text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
            except (UnicodeDecodeError, gzip.BadGzipFile):
                continue
            yield name, read(text)


def _manual(text: str) -> str:
    for pattern, instead in _ROFF:
        text = pattern.sub(instead, text)
    return text


def _docstrings(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
    return "\n\n".join(found)


def passages(text: str) -> Iterator[str]:
    """Paragraphs, joined while they are short and cut where they are long."""
    words: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        there = paragraph.split()
        if sum(word.strip(".,;:()'\"").isalpha() for word in there) < 0.6 * len(there):
            continue  # a table, code, a list of options
        words += there
        while len(words) >= _FEWEST:
            yield " ".join(words[:_MOST])
            words = words[_MOST:]


def choose() -> tuple[list[str], list[int], list[str]]:
    """Passages, where each window begins, and the documents they are from."""
    texts: list[str] = []
    starts: list[int] = []
    names: list[str] = []
    seen: set[str] = set()
    alike: Counter[str] = Counter()
    queries = 0
    for name, text in documents():
        family = re.split(r"[-_.]", name, maxsplit=1)[0]
        if alike[family] == _AT_MOST_ALIKE:
            continue
        fresh = []
        for passage in passages(text):
            if passage.lower() not in seen:
                seen.add(passage.lower())
                fresh.append(passage)
            if len(fresh) == _AT_MOST:
                break
        windows = len(fresh) - _WINDOW + 1
        if windows < 1:
            continue
        # The queries come first: one window each of documents that are used for nothing else.
        if queries < QUERIES:
            windows, fresh = 1, fresh[:_WINDOW]
            queries += 1
        windows = min(windows, QUERIES + ROWS - len(starts))
        starts += range(len(texts), len(texts) + windows)
        texts += fresh[: windows + _WINDOW - 1]
        names.append(name)
        alike[family] += 1
        if len(starts) == QUERIES + ROWS:
            return texts, starts, names
    raise SystemExit(
        f"only {len(starts):,} of {QUERIES + ROWS:,} windows: install more documentation "
        "(on Debian: apt-get install man-db manpages manpages-dev perl-doc)"
    )


def _embed(texts: list[str], kept: Path) -> None:
    """Whoever is interrupted goes on where he was: a row of zeros is still to be done."""
    model, half = MiniLM(), kept.with_suffix(".half.npy")
    CACHE.mkdir(exist_ok=True)
    found: Any = np.lib.format.open_memmap(
        half, "r+" if half.exists() else "w+", np.dtype("<f4"), (len(texts), 384)
    )
    left = np.flatnonzero(~found.any(axis=1))
    with Bar("passages embedded, once", len(left)) as bar:
        for n in left:
            found[n] = model.embed(texts[n])
            bar.add(1)
    found.flush()
    half.replace(kept)


def load() -> tuple[Corpus, str]:
    """The corpus and where it is from; embedded once, and kept in bench/.cache."""
    texts, starts, names = choose()
    digest = hashlib.sha256(json.dumps([texts, starts]).encode()).hexdigest()
    kept = CACHE / f"corpus-{digest[:16]}.npy"
    if not kept.exists():
        _embed(texts, kept)
    kinds = Counter(name.partition("/")[0] for name in names)
    about = (
        f"{len(texts):,} passages of {len(names):,} documents ({kinds['man']:,} manual pages, "
        f"{kinds['doc']:,} files of /usr/share/doc, the docstrings of {kinds['python']:,} modules "
        f"of Python's library), SHA-256 {digest[:16]}"
    )
    return Corpus(texts, starts, np.load(kept)), about


def grown(vectors: Any, rows: int, seed: int = 7) -> Any:
    """As many rows as are wanted: each again with a tenth part of how two others differ.

    A difference of real vectors lies where real vectors lie; noise in every direction would not.
    """
    chance = np.random.default_rng(seed)
    found = [vectors]
    while sum(map(len, found)) < rows:
        a, b = chance.permutation(len(vectors)), chance.permutation(len(vectors))
        more = vectors + np.float32(0.3) * (vectors[a] - vectors[b])
        found.append(more / np.linalg.norm(more, axis=1, keepdims=True))
    return np.ascontiguousarray(np.concatenate(found)[:rows], dtype="<f4")


if __name__ == "__main__":
    begun = time.monotonic()
    corpus, told = load()
    print(told, f"{time.monotonic() - begun:.0f} s")
    sys.exit(0)
