"""Plans as api.explain_endpoint shows them, and as auto_explain tells them of real calls."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

ALICE = "01900000-0000-7000-8000-000000000005"
LARGE = 10_000
_SCAN = re.compile(r"(?:sequential scan on|whole index) (\S+), \d+ rows")
_PART = re.compile(r"(_\d{4}_(q\d|\d\d(_\d\d)?)|_before|_default)?(_pkey)?$")
_WHERE = re.compile(r'SQL function "?(?:\w+\.)?(\w+)[^\n]*? (?:statement|line (\d+))')
# A superuser's only: it really runs, and its words are for the client, not for SQL.
_AUTO_EXPLAIN = """
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_format = json;
    set auto_explain.log_verbose = on;
    set auto_explain.log_level = notice;
    set client_min_messages = notice;
"""


class Step(NamedTuple):
    """A query that an endpoint would run."""

    function: str
    line: int
    statement: str
    notes: list[str]
    plan: Any

    @property
    def name(self) -> str:
        return self.function.partition(".")[2]

    @property
    def scans(self) -> set[str]:
        """Large tables that it reads from one end to the other; of a part or a key, its table."""
        found = [_SCAN.fullmatch(note) for note in self.notes]
        return {_PART.sub("", match[1]) for match in found if match}


class Seen(NamedTuple):
    """A query that ran. The statements of a SQL function are numbered, so they have no line."""

    function: str
    line: int | None
    callers: set[str]
    text: str
    plan: Any

    @property
    def tables(self) -> set[str]:
        return {table for _, table in relations(self.plan)}


def explained(connection: psycopg.Connection[Any], name: str, given: dict[str, Any]) -> list[Step]:
    rows = connection.execute(
        "select function, line, statement, notes, plan"
        "  from api.explain_endpoint(%s, %s, %s, p_limit => 10000)",
        [name, json.dumps(given), ALICE],
    ).fetchall()
    return [Step(*row) for row in rows]


def watch(connection: psycopg.Connection[Any]) -> list[Seen]:
    """Fills with every statement that auto_explain tells about, and where it stands."""
    told: list[Seen] = []

    def hear(message: psycopg.errors.Diagnostic) -> None:
        head, _, plan = (message.message_primary or "").partition("plan:\n")
        where = _WHERE.findall(message.context or "")
        if head.startswith("duration:") and where:
            function, line = where[0]
            step = json.loads(plan)
            callers = {name for name, _ in where}
            number = int(line) if line else None
            told.append(Seen(function, number, callers, step["Query Text"], step["Plan"]))

    connection.execute(_AUTO_EXPLAIN)
    connection.add_notice_handler(hear)
    return told


def relations(plan: Any) -> Iterator[tuple[str, str]]:
    """Each kind of node with the table of ours that it works on."""
    if plan.get("Schema", "pg_catalog") != "pg_catalog" and "Relation Name" in plan:
        yield plan["Node Type"], f"{plan['Schema']}.{plan['Relation Name']}"
    for below in plan.get("Plans", ()):
        yield from relations(below)


def compare(heard: list[Seen], steps: list[Step], large: set[str]) -> list[str]:
    """What ran and is not among the steps; what scanned a large table and they show no scan."""
    # What a dynamic statement sets off is not known, and it says so.
    dynamic = {step.name for step in steps if step.plan is None}
    wrong = []
    for told in heard:
        if not told.tables or told.callers & dynamic:
            continue
        # An ELSIF stands at its IF for PostgreSQL, at its own line for us.
        known = [
            s for s in steps
            if s.name == told.function
            and (told.line in (None, s.line) or told.text.strip() in s.statement)
        ]  # fmt: skip
        if not known:
            wrong.append(f"{told.function}:{told.line} is not explained: {told.text}")
        shown = {node for step in known for node in relations(step.plan["Plan"])}
        for kind, table in set(relations(told.plan)) - shown:
            if kind == "Seq Scan" and table in large:
                wrong.append(f"{told.function}:{told.line} scans {table}, unseen: {told.text}")
    return wrong
