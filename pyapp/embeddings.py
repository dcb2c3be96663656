"""`plinth embeddings index`: another index for a model's vectors, while they are used."""

import threading
from typing import Any

import psycopg

from pyapp import engine
from pyapp.progress import Progress
from pyapp.settings import Settings

_OFTEN = 1.0  # seconds between two looks at how far it is


def index(settings: Settings, model: str, build_memory: str, **wanted: Any) -> None:
    """The database says step by step what to run; what was interrupted is taken up again."""
    changes = {f"p_{name}": value for name, value in wanted.items() if value is not None}
    with engine.servers(settings, make=False) as there, Progress() as say:
        # A build ends with the one who asked for it, also where he is killed.
        options = "-c client_connection_check_interval=1s"
        with (
            psycopg.connect(there.admin_url, autocommit=True, options=options) as builder,
            psycopg.connect(there.admin_url, autocommit=True) as watcher,
        ):
            builder.execute("select set_config('maintenance_work_mem', %s, false)", [build_memory])
            if changes:
                call = f"select api.update_embedding_model(%s, {' => %s, '.join(changes)} => %s)"
                builder.execute(call.encode(), [model, *map(str, changes.values())])
            ask = "select * from api.next_embedding_index_step(%s)"
            while step := builder.execute(ask, [model]).fetchone():
                say(step[0])
                ended = threading.Event()
                watching = threading.Thread(target=_watch, args=(watcher, model, say, ended))
                watching.start()
                try:
                    builder.execute(step[1].encode())
                except psycopg.errors.UndefinedTable:
                    builder.execute(ask, [model])  # it says so, if the model was dropped meanwhile
                    raise
                finally:
                    ended.set()
                    watching.join()
    print(f"the index of {model} is as it should be")


def _watch(
    watcher: psycopg.Connection[Any], model: str, say: Progress, ended: threading.Event
) -> None:
    while not ended.wait(_OFTEN):
        row = watcher.execute("select core.embedding_index_progress(%s)", [model]).fetchone()
        if row and row[0]:
            say.detail(row[0])
