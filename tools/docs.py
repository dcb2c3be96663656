"""Writes docs/functions.md and docs/errors.md from a migrated database: make docs.

Nothing in them is written twice. Comments, arguments, results and routes come from the catalog,
rules and errors from the card that opens a function's file.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from pyapp import engine, migrate
from pyapp.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
Rows = list[dict[str, Any]]

FUNCTIONS: LiteralString = """
select p.proname::text as name,
       obj_description(p.oid, 'pg_proc') as comment,
       format_type(p.prorettype, null) as returns,
       coalesce(r.routes, '[]') as routes,
       u.reason as unrouted,
       coalesce(r.file, u.file) as file,
       a.list as arguments,
       (select coalesce(json_agg(c), '[]') from http.result_columns(p.oid) c) as columns,
       shape.relname::text as shape,
       obj_description(shape.oid, 'pg_class') as shape_comment
  from pg_proc p
  left join (select q.function_name, min(q.file) as file,
                    json_agg(q order by q.path, q.method) as routes
               from http.routes q
              group by q.function_name) r on r.function_name = 'api.' || p.proname
  left join http.unrouted u on u.function_name = 'api.' || p.proname
  left join pg_class shape on shape.reltype = p.prorettype
 cross join lateral (
   select coalesce(json_agg(json_build_object(
            'name', a.name, 'type', format_type(a.type, null),
            'preset', pg_get_function_arg_default(p.oid, a.n::integer)) order by a.n), '[]') as list
     from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[])
     with ordinality as a (name, type, n)) a
 where p.pronamespace = 'api'::regnamespace
 order by p.proname
"""
VIEWS: LiteralString = """
select c.relname::text as name,
       obj_description(c.oid, 'pg_class') as comment,
       (select json_agg(json_build_object(
                 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                 'comment', col_description(c.oid, a.attnum)) order by a.attnum)
          from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c
 where c.relnamespace = 'api'::regnamespace and c.relkind = 'v'
 order by c.relname
"""
ERRORS: LiteralString = "select * from base.errors e order by e.http_status, e.code"

SECTION = re.compile(r"(Rules|Permission|Errors|Locks|Cache|Touches|Returns|Owned by \w+:) +(.*)")
CODE = re.compile(r"\b[A-Z]{2}\d{3}\b")
MOST_NAMES = 8  # functions listed beside an error

FUNCTIONS_HEAD = """\
# Functions and views
<!-- Made by make docs; change the files in db/ instead. -->

The contract: every function and view of the schema `api`, which is on everybody's search path.

- In psql a function is called by its name and its arguments: `create_user(p_username => …)`.
- Over HTTP the fields have the same names without `p_`. `p_user_id` is never a field: the layer
  fills in the caller. A function with a route also answers `POST /rpc/<function>`.
- Codes are explained in [errors.md](errors.md).
"""
ERRORS_HEAD = """\
# Errors
<!-- Made by make docs; change the table base.errors instead. -->

Every refusal is `application/problem+json` with one of these codes in `code`. In psql the code is
the SQLSTATE, and `select * from v_errors` is this page. Codes are stable; titles and descriptions
may be reworded.

## Plinth's own

The first two letters say what kind of refusal it is, the digits name the rule.

| code | status | title | when, and what to do | try again after | functions |
|---|---|---|---|---|---|
"""
POSTGRES_HEAD = """
## PostgreSQL's own

A code of two or three characters stands for every SQLSTATE that begins with it; the longest match
decides. What is not listed is an internal error (500).

| code | status | title | when, and what to do | try again after |
|---|---|---|---|---|
"""
ANSWERS = {
    "one": "Answers with one object{}.",
    "list": 'Answers with `{{"items": […], "next": …}}`{}; send `next` as `after` for more.',
    "value": 'Answers with `{{"value": …}}`{}.',
    "none": "Answers with no body.",
    "qr": "Answers with a picture, `image/svg+xml`.",
    "stream": "Answers with lines of JSON (`application/x-ndjson`), page by page.",
}


def pages(connection: psycopg.Connection[Any]) -> dict[Path, str]:
    """The text of every page, by its path in the repository."""
    with connection.cursor(row_factory=dict_row) as cursor:
        functions = cursor.execute(FUNCTIONS).fetchall()
        views = cursor.execute(VIEWS).fetchall()
        errors = cursor.execute(ERRORS).fetchall()
    for function in functions:
        function["card"] = card((ROOT / function["file"]).read_text())
    return {
        Path("docs/functions.md"): functions_page(functions, views),
        Path("docs/errors.md"): errors_page(errors, functions),
    }


def card(text: str) -> dict[str, list[str]]:
    """Sections of the card that opens a file; a line after a full stop begins a new item.

    A section begins at the margin, and goes on indented. What else begins there, such as why a
    setting is made, is for those who read the file.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        words = line.removeprefix("--").strip()
        if re.match(r"-- \S", line):
            match = SECTION.match(words)
            lines = found.setdefault(match[1].split(" ", 1)[0], []) if match else []
            words = match[2] if match else ""
        if lines and not lines[-1].endswith("."):
            lines[-1] += f" {words}"
        elif words:
            lines.append(words)
    return found


# ------------------------------------------------------------------------------- functions


def functions_page(functions: Rows, views: Rows) -> str:
    out = [FUNCTIONS_HEAD, "| function | route | what it does |", "|---|---|---|"]
    for f in functions:
        routes = ", ".join(f"`{r['method']} {r['path']}`" for r in f["routes"]) or "SQL only"
        out.append(f"| [{f['name']}](#{f['name']}) | {routes} | {f['comment']} |")
    out += ["", "| view | what it shows |", "|---|---|"]
    out += [f"| [{view['name']}](#{view['name']}) | {view['comment']} |" for view in views]
    for f in functions:
        out += ["", *_function(f)]
    for name, f in sorted({f["shape"]: f for f in functions if f["shape"]}.items()):
        about = f"What functions answer with. {f['shape_comment']}."
        out += ["", f"## {name}", "", about, "", *_columns(f["columns"])]
    for view in views:
        out += [
            "",
            f"## {view['name']}",
            "",
            f"{view['comment']}.",
            "",
            _view_file(view["name"]),
            "",
        ]
        out += _columns(view["columns"])
    return "\n".join(out) + "\n"


def _function(function: dict[str, Any]) -> Iterator[str]:
    name, file, about = function["name"], function["file"], function["card"]
    yield from (f"## {name}", "", f"{function['comment']}.", "")
    yield from ("```sql", *_signature(function), "```", "")
    yield from ("- " + _route(route) for route in function["routes"])
    if function["unrouted"]:
        yield f"- No route: {function['unrouted']}."
    permission = " ".join(about.get("Permission", []))
    if permission and permission not in (route["permission"] for route in function["routes"]):
        yield f"- Permission {permission.removesuffix('.')}."
    yield f"- {_answer(function)}"
    if "Owned" in about:
        yield f"- Owned by `plinth_system`: {' '.join(about['Owned'])}"
    test = f"db/tests/{Path(file).parent.name}/test_{name}.sql"
    tested = f", tested in [{test}](../{test})" if (ROOT / test).exists() else ""
    yield f"- File: [{file}](../{file}){tested}."
    for title in ("Rules", "Locks"):
        if lines := about.get(title):
            yield from ("", f"**{title}**", "", *(f"- {_sentence(line)}" for line in lines))
    yield from ("", "**Errors**", "")
    for error in re.split(r"; (?=[A-Z]{2}\d{3}\b)", " ".join(about.get("Errors", ["none"]))):
        yield "- " + CODE.sub(lambda m: f"[{m[0]}](errors.md#{m[0].lower()})", error)
    if function["columns"] and not function["shape"]:
        yield from ("", "**Columns**", "", *_columns(function["columns"]))


def _signature(function: dict[str, Any]) -> Iterator[str]:
    arguments = function["arguments"]
    wide = max((len(a["name"]) for a in arguments), default=0)
    yield f"{function['name']}("
    for last, a in zip([*[","] * (len(arguments) - 1), ""], arguments, strict=False):
        preset = f" default {_default(a['preset'])}" if a["preset"] else ""
        yield f"  {a['name']:{wide}} {a['type']}{preset}{last}"
    yield ")"


def _default(text: str) -> str:
    return re.sub(r"::[a-z ]+(\[\])?$", "", text.replace("NULL", "null"))


def _route(route: dict[str, Any]) -> str:
    who = "no token needed" if route["auth"] == "none" else "for a signed-in caller"
    if route["permission"]:
        who += f" with the permission `{route['permission']}`"
    said = f"`{route['method']} {route['path']}`: {who}; answers {route['status']}"
    said += f"; lane {route['lane']}"
    if route["cache_seconds"] is not None:
        tags = ", ".join(f"`{tag}`" for tag in ["sessions", *route["cache_tags"]])
        said += f"; kept for {route['cache_seconds']} s at most, until one of {tags} is touched"
    return said + "."


def _answer(function: dict[str, Any]) -> str:
    rows = f"of [{function['shape']}](#{function['shape']})" if function["shape"] else ""
    if function["routes"]:
        return ANSWERS[function["routes"][0]["result"]].format(rows and f", a row {rows}")
    return f"Returns rows {rows}." if rows else f"Returns `{function['returns']}`."


def _view_file(name: str) -> str:
    (file,) = (path.relative_to(ROOT) for path in (ROOT / "db/views").rglob(f"{name}.sql"))
    return f"- File: [{file}](../{file})."


def _columns(columns: Rows) -> Iterator[str]:
    said = any(column["comment"] for column in columns)
    yield "| name | type |" + (" what |" if said else "")
    yield "|---|---|" + ("---|" if said else "")
    for c in columns:
        yield f"| `{c['name']}` | {c['type']} |" + (f" {c['comment'] or ''} |" if said else "")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


# ---------------------------------------------------------------------------------- errors


def errors_page(errors: Rows, functions: Rows) -> str:
    raised: dict[str, list[str]] = defaultdict(list)
    for function in functions:
        for code in sorted(set(CODE.findall(" ".join(function["card"].get("Errors", []))))):
            raised[code].append(f"[{function['name']}](functions.md#{function['name']})")
    own, foreign = "", ""
    for error in errors:
        code = error["code"]
        again = "" if error["retry_after"] is None else f"{error['retry_after']} s"
        row = f"| {error['http_status']} | {error['title']} | {error['description']} | {again} |"
        place = f'<a id="{code.lower()}"></a>`{code}`'
        if CODE.fullmatch(code):
            names = raised[code]
            shown = ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} of them"
            own += f"| {place} {row} {shown} |\n"
        else:
            foreign += f"| {place} {row}\n"
    return ERRORS_HEAD + own + POSTGRES_HEAD + foreign


@contextmanager
def fresh_database() -> Iterator[psycopg.Connection[Any]]:
    """Today's schema and nothing else, on servers that leave no trace."""
    with engine.servers(Settings(memory=True)) as there:
        migrate.up(there.admin_url)
        with psycopg.connect(there.admin_url) as connection:
            yield connection


def main() -> int:
    with fresh_database() as connection:
        made = pages(connection)
    for path, text in made.items():
        place = ROOT / path
        same = place.exists() and place.read_text() == text
        place.write_text(text)
        print(f"{path}: {'unchanged' if same else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
