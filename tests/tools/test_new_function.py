"""make new: a skeleton of a function and its test, and never a second function of one name."""

import importlib.util
from pathlib import Path

import pytest

from tests.conftest import ROOT


def test_a_name_is_taken_in_all_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("new_function", ROOT / "tools/new_function.py")
    assert spec
    assert spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "db/functions").mkdir(parents=True)
    assert tool.main(["ops", "echo_text"]) == 0
    assert capsys.readouterr().out.split() == [
        "db/functions/ops/echo_text.sql",
        "db/tests/ops/test_echo_text.sql",
    ]
    for room in ("ops", "chat"):
        assert tool.main([room, "echo_text"]) == 1
        assert capsys.readouterr().err == "db/functions/ops/echo_text.sql is there already\n"
    assert not (tmp_path / "db/functions/chat").exists()
