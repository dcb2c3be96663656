"""What Plinth's vector search is compared with, each within the caller's own process.

A store takes vectors of unit length and their texts, searches by cosine, and has one knob for how
hard it looks. Those that keep texts give them back with the answer, as they do by default.
"""

import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import chromadb
import hnswlib
from chromadb.api.client import SharedSystemClient
from qdrant_client import QdrantClient, models


class Hnswlib:
    """The same kind of index in memory, and nothing around it: the limit."""

    package, tunable = "hnswlib", True
    about = "hnswlib, in memory"

    def __init__(self, vectors, _texts, m, ef_construction):
        begun = time.perf_counter()
        self.index = hnswlib.Index(space="cosine", dim=vectors.shape[1])
        self.index.init_index(len(vectors), ef_construction=ef_construction, M=m, random_seed=7)
        self.index.add_items(vectors, num_threads=2)
        self.index.set_num_threads(1)
        self.seconds = time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            self.index.save_index(str(path))
            self.megabytes = path.stat().st_size / 1e6

    def effort(self, ef):
        self.index.set_ef(max(ef, 10))

    def search(self, query, k):
        return self.index.knn_query(query, k=k)[0][0].tolist()


class Chromadb:
    """Embedded and kept in a folder, as its own first page does it."""

    package, tunable = "chromadb", True
    about = "chromadb, embedded, in a folder"

    def __init__(self, vectors, texts, m, ef_construction):
        self.folder = tempfile.TemporaryDirectory(prefix="plinth-bench-chroma-")
        quiet = chromadb.Settings(anonymized_telemetry=False)
        self._open = partial(chromadb.PersistentClient, self.folder.name, settings=quiet)
        self.client = self._open()
        begun = time.perf_counter()
        how = {"space": "cosine", "max_neighbors": m, "ef_construction": ef_construction}
        self.collection = self.client.create_collection("bench", configuration={"hnsw": how})
        for at in range(0, len(vectors), 1000):
            rows = range(at, min(at + 1000, len(vectors)))
            self.collection.add(
                ids=[str(n) for n in rows],
                embeddings=vectors[at : at + 1000],
                documents=[texts[n] for n in rows],
                metadatas=[{"shelf": n % 100} for n in rows],
            )
        self.seconds = time.perf_counter() - begun
        files = [f.stat().st_size for f in Path(self.folder.name).rglob("*") if f.is_file()]
        self.megabytes = sum(files) / 1e6

    def effort(self, ef):
        self.collection.modify(configuration={"hnsw": {"ef_search": ef}})
        SharedSystemClient.clear_system_cache()  # what is open goes on as it was
        self.client = self._open()
        self.collection = self.client.get_collection("bench")

    def search(self, query, k):
        found = self.collection.query(query_embeddings=[query], n_results=k)
        return [int(one) for one in found["ids"][0]]


class Qdrant:
    """qdrant-client's local mode compares with every vector: it has no index to tune."""

    package, tunable = "qdrant-client", False
    about = "qdrant-client, local mode (compares with all)"

    def __init__(self, vectors, texts, _m, _ef_construction):
        begun = time.perf_counter()
        self.client = QdrantClient(":memory:")
        size, cosine = vectors.shape[1], models.Distance.COSINE
        params = models.VectorParams(size=size, distance=cosine)
        self.client.create_collection("bench", vectors_config=params)
        for at in range(0, len(vectors), 1000):
            part = vectors[at : at + 1000]
            rows = range(at, at + len(part))
            about = [{"text": texts[n], "shelf": n % 100} for n in rows]
            points = models.Batch(ids=list(rows), vectors=part.tolist(), payloads=about)
            self.client.upsert("bench", points)
        self.seconds = time.perf_counter() - begun
        self.megabytes = 0.0

    def effort(self, ef):
        pass

    def search(self, query, k):
        found = self.client.query_points("bench", query=query, limit=k)
        return [point.id for point in found.points]


STORES = {"hnswlib": Hnswlib, "chromadb": Chromadb, "qdrant": Qdrant}


def versions():
    return {store.package: version(store.package) for store in STORES.values()}
