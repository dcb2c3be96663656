"""Links lead somewhere, and what a text tells to type exists."""

import argparse
import re
from pathlib import Path

import pytest

from pyapp import cli, settings
from tests.conftest import ROOT, Database
from tests.docs.texts import PAGES, TARGETS, code, name, rows, section

README = (ROOT / "README.md").read_text()


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    made = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def commands(parser: argparse.ArgumentParser | None = None, path: str = "") -> set[str]:
    """Every command of plinth: "up", "migrate up", …"""
    groups = [
        action
        for action in (parser or cli._parser())._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    if not groups:
        return {path}
    below = groups[0].choices.items()
    return {found for word, inner in below for found in commands(inner, f"{path} {word}".strip())}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{name(page)}: {target}"
        assert not anchor or anchor in anchors(place), f"{name(page)}: {target}"


def test_the_readme_lists_every_command() -> None:
    said = " ".join(" ".join(row) for row in rows(section(README, "## Commands")))
    assert set(re.findall(r"make ([a-z-]+)", said)) == TARGETS
    known = commands()
    assert "migrate history" in known
    assert len(known) >= 15
    for command in known:
        group, _, step = command.rpartition(" ")
        assert f"plinth {group or step}" in said, command
        assert re.search(rf"\b{step}\b", said), command


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_in_texts_exist(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS
    groups = {command.split(" ")[0] for command in commands()}
    assert set(re.findall(r"\bplinth ([a-z][a-z-]+)\b", "\n".join(said(text)))) <= groups


def said(text: str) -> list[str]:
    """What stands as code: in backticks, and in blocks of a shell."""
    shell = re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.M | re.S)
    return [found for found in [*code(text), *shell] if "plinth " in found]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_queries_in_texts_run(shared_database: Database, page: Path) -> None:
    text = page.read_text()
    quoted = re.findall(r'plinth psql -c "([^"]+)"', text)
    queries = [q for q in [*code(text), *quoted] if re.match(r"(select|table|show)\b", q)]
    with shared_database.connect("plinth_operator", autocommit=False) as connection:
        for query in queries:
            if "…" in query or "$" in query or query.startswith(("select http.", "select echo_")):
                continue
            found = connection.execute(query.encode())
            if found.description:  # and shows what it is there to show
                assert "<insufficient privilege>" not in str(found.fetchall()), query
            connection.rollback()


def test_variables_in_texts_exist() -> None:
    known = {f"DATABASE_{part}" for part in settings._PARTS} | {"PLINTH_DEBUG"}
    known |= {variable for variables in settings._VARIABLES.values() for variable in variables}
    found = [
        (name(page), variable)
        for page in PAGES
        for variable in re.findall(r"\b(?:PLINTH|DATABASE|REDIS|JWT)_[A-Z_]+\b", page.read_text())
    ]
    assert len(found) > 10
    assert [(page, variable) for page, variable in found if variable not in known] == []


def test_files_in_texts_exist() -> None:
    """Paths in backticks; <room> and the worked example stand for files to come."""
    for page in PAGES:
        for path in code(page.read_text()):
            if re.fullmatch(r"(db|pyapp|tests|docs|tools|bench)/[\w./-]+", path):
                assert (ROOT / path).exists() or "echo_text" in path, f"{name(page)}: {path}"


def test_pages_speak_of_the_project_alone() -> None:
    """No place of a machine, no host of a registry."""
    private = re.compile(r"/(?:home|root|tmp|work|Users)/|pypi\.|registry\.npmjs|proxy\.golang")
    for page in [*PAGES, ROOT / ".env.example"]:
        assert private.findall(page.read_text()) == [], name(page)


def test_exit_codes_are_those_of_the_program() -> None:
    assert re.sub(r"\W+", " ", cli.EXITS.lower()).strip() in re.sub(r"\W+", " ", README.lower())


def test_the_runbook_explains_every_reason_of_readyz() -> None:
    """N and M stand for numbers."""
    table = rows(section((ROOT / "docs/runbook.md").read_text(), "### What /readyz says"))
    explained = {(reason, check) for check, reason, _ in table}
    source = re.sub(r"\{[^}]+\}", "#", (ROOT / "pyapp/service.py").read_text())
    given = {
        reason
        for call in re.findall(r"yield \"\w+\", \"\w+\", (.+)|reason = (f?\"[^\"]+\")", source)
        for reason in re.findall(r'"([^"]{12,})"', "".join(call))
    }
    assert len(given) >= 6
    assert {re.sub(r"\b[NM]\b", "#", reason) for reason, _ in explained} == given


def test_every_decision_has_its_line_and_its_reasons() -> None:
    listed = section((ROOT / "ARCHITECTURE.md").read_text(), "## Decisions")
    lines = {
        found[1]: re.findall(r"^- \*\*(.+?)\*\*", part, re.M)
        for part in re.split(r"(?m)^### ", listed)
        if (found := re.search(r"\]\((docs/decisions/[\w-]+\.md)\)", part))
    }
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert sorted(lines) == [name(page) for page in pages]
    for page in pages:
        assert lines[name(page)] == re.findall(r"^## (.+)$", page.read_text(), re.M), page.name
