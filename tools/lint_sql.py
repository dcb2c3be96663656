"""The house rules for SQL files (CONTRIBUTING says why): python tools/lint_sql.py [--fix] [FILE…]

--fix puts right what needs no judgement: keywords in lower case, white space, the final newline.
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, scan

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 120  # prose; code may go a little further where a break would not read better
LONGEST_CODE = 132
CARD = re.compile(r"-- (?P<name>[a-z_0-9]+\.[a-z_0-9]+): \S")
SECTIONS = re.compile(r"-- (Rules|Errors|Locks|Cache|Returns)\b(.*)")
ATTRIBUTES = (
    "language", "volatility", "leakproof", "strict", "security", "parallel", "cost", "rows",
    "support", "set", "as",
)  # fmt: skip
# Words that are keywords of the grammar but are written as names or in capitals by custom.
NOT_KEYWORDS = {"TG_OP", "OLD", "NEW"}
CODE = re.compile(r"\b(?:UN|NP|NF|KC|VL|RL|BR|SV|MG|AU)(?!000)\d{3}\b")  # 000: a whole class
RAISED = re.compile(r"base\.raise\(\s*'([0-9A-Z]{5})'")
# Dynamic SQL has to be looked at by a second pair of eyes; a file gets in here with its reason.
DYNAMIC: dict[str, str] = {
    "db/functions/auth/_erase_mentions.sql": "tables of base.table_privacy, by %I",
    "db/functions/auth/_begin_erasure.sql": "columns of auth.users, by %I",
    "db/functions/auth/_erase_rows.sql": "tables of the catalog, by %I",
    "db/functions/auth/_export_lines.sql": "tables of the catalog, by %I; places as literals",
    "db/functions/auth/_export_rows.sql": "tables of the catalog, by %I",
    "db/functions/auth/_resource_owner.sql": "the table that auth.resource_types names, by %I",
    "db/functions/memory/drop_embedding_model.sql": "the partition of a model, by its number",
    "db/functions/memory/_make_embedding_partition.sql": "words of a model, columns under checks",
    "db/functions/memory/_make_embedding_search.sql": "the same, into the text of a function",
    "db/functions/memory/_make_nearest_embeddings.sql": "functions of models, by their numbers",
    "db/functions/ops/_plan_statement.sql": "EXPLAIN of what our own functions say",
    "db/functions/http/run_job.sql": "calls a job by the name the deploy registered",
}
# What came with PostgreSQL 17 and 18, where own servers may be of 16; pglast knows it all.
NEWER = {
    "array_reverse", "array_sort", "casefold", "crc32", "crc32c", "enforced", "gamma",
    "has_largeobject_privilege", "json_exists", "json_query", "json_scalar", "json_serialize",
    "json_table", "json_value", "jsonb_populate_record_valid", "lgamma", "merge_action", "pg_aios",
    "pg_basetype", "pg_c_utf8", "pg_column_toast_chunk_id", "pg_get_acl", "pg_get_loaded_modules",
    "pg_stat_checkpointer", "pg_unicode_fast", "pg_wait_events", "to_bin", "to_oct",
    "to_regtypemod", "transaction_timeout", "unicode_assigned", "uuid_extract_timestamp",
    "uuid_extract_version", "uuidv4", "uuidv7", "virtual", "xmltext",
}  # fmt: skip
ASKS_FIRST = {("db/schema/010_base.sql", "uuidv7"): "base.new_id has another body before 18"}

Finding = tuple[int, str]


def main(arguments: list[str]) -> int:
    fix = "--fix" in arguments
    named = [Path(a).resolve() for a in arguments if not a.startswith("-")]
    files = named or sorted((ROOT / "db").rglob("*.sql"))
    codes = set(re.findall(r"^\s*\('([0-9A-Z]{2,5})',\s*\d{3},", _schema(), re.M))
    bad = 0
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        text = file.read_text(encoding="utf-8")
        if fix and (fixed := tidy(text)) != text:
            file.write_text(fixed, encoding="utf-8")
            text = fixed
        for line, message in sorted(check(path, text, codes)):
            bad += 1
            print(f"{path}:{line}: {message}")
    print(f"SQL rules: {len(files)} files, {bad} findings")
    return 1 if bad else 0


def _schema() -> str:
    return "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "db/schema").glob("*.sql"))


def check(path: str, text: str, codes: set[str]) -> Iterator[Finding]:
    generated = path.startswith("db/migrations/V001__")
    if not generated:
        yield from _white_space(text)
    if path.startswith("db/tests/"):
        text = _without_psql(text)
    try:
        statements = parse_sql(text)
    except ParseError as error:
        place = error.args[1] if len(error.args) > 1 else 0
        yield _line(text, place if isinstance(place, int) else 0), f"syntax: {error.args[0]}"
        return
    for start, end in _upper_keywords(text):
        yield _line(text, start), f"keyword in capitals: {text[start:end]}"
    if not generated:
        yield from _newer(path, text)
    if not generated and not text.startswith("-- "):
        yield 1, "the file begins with a comment that says what it is"
    parts = path.split("/")
    if parts[1] == "functions":
        yield from _function_file(path, text, [s.stmt for s in statements], codes)
    elif parts[1] == "views":
        yield from _view_file(path, text, [s.stmt for s in statements])
    elif parts[1] == "tests":
        yield from _test_file(text)


def _without_psql(text: str) -> str:
    r"""psql's own words: \\gset ends a statement, :'name' is a value, the others are lines.

    What stands for them is as long as they are, so that every position stays what it was.
    """
    text = re.sub(r"\\g(set|exec)?\b[^\n]*", lambda m: ";".ljust(len(m[0])), text)
    text = re.sub(r"^\\[^\n]*", lambda m: " " * len(m[0]), text, flags=re.M)
    text = re.sub(r"(?<!:):'(\w+)'", lambda m: f"'{m[1]}' ", text)
    return re.sub(r"(?<=[\s(,]):[a-z_0-9]+\b", lambda m: "1" * len(m[0]), text)


def _white_space(text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        limit = LONGEST if line.lstrip().startswith("--") else LONGEST_CODE
        if len(line) > limit:
            yield number, f"{len(line)} characters, {limit} are the limit"
        if line != line.rstrip():
            yield number, "white space at the end"
        if "\t" in line:
            yield number, "a tab"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield text.count("\n") + 1, "the file ends with exactly one newline"


def _bodies(text: str, base: int = 0) -> Iterator[tuple[int, str]]:
    """The text, and every dollar-quoted text inside it, since that is code as well."""
    yield base, text
    try:
        tokens = scan(text)
    except ParseError:  # a quoted text that is no SQL
        return
    for token in tokens:
        if token.name == "SCONST" and text[token.start] == "$":
            mark = text.index("$", token.start + 1) + 1
            inner = text[mark : token.end + 1 - (mark - token.start)]
            yield from _bodies(inner, base + mark)


def _upper_keywords(text: str) -> list[tuple[int, int]]:
    found = []
    for base, body in _bodies(text):
        try:
            tokens = scan(body)
        except ParseError:  # a quoted text that is no SQL
            continue
        for token in tokens:
            word = body[token.start : token.end + 1]
            if token.kind != "NO_KEYWORD" and word != word.lower() and word not in NOT_KEYWORDS:
                found.append((base + token.start, base + token.end + 1))
    return found


def _newer(path: str, text: str) -> Iterator[Finding]:
    for base, body in _bodies(text):
        try:
            tokens = scan(body)
        except ParseError:  # a quoted text that is no SQL
            continue
        for token in tokens:
            word = body[token.start : token.end + 1].lower()
            if word in NEWER and (path, word) not in ASKS_FIRST:
                yield _line(text, base + token.start), f"{word} is not in PostgreSQL 16"


def _function_file(path: str, text: str, tree: list[Any], codes: set[str]) -> Iterator[Finding]:
    made: list[Any] = [s for s in tree if isinstance(s, ast.CreateFunctionStmt)]
    if len(made) != 1:
        yield 1, f"one file makes one function, this one {len(made)}"
        return
    function = made[0]
    schema, name = (part.sval for part in function.funcname)
    stem = Path(path).stem
    if stem.lstrip("_") != name:
        yield 1, f"makes {schema}.{name}, so the file is named {name}.sql (helpers: _{name}.sql)"
    if schema != "http" and (schema == "core") != stem.startswith("_"):
        yield 1, "helpers in core begin their file name with _, the contract does not"
    yield from _card(text, f"{schema}.{name}")
    yield from _attributes(schema, function)
    yield from _codes(text, codes)
    if not any(isinstance(s, ast.CommentStmt) for s in tree):
        yield 1, "comment on function is missing"
    if schema == "api":
        yield from _contract(text, tree)
    yield from _body(path, text)


def _attributes(schema: str, function: Any) -> Iterator[Finding]:
    if not function.replace:
        yield 1, "create or replace function: a deploy replaces in place"
    options = {option.defname: option.arg for option in function.options}
    order = [ATTRIBUTES.index(name) for name in options]
    if order != sorted(order):
        yield 1, f"attributes stand in the order {', '.join(ATTRIBUTES)}"
    if "volatility" not in options:
        yield 1, "volatility is always written"
    definer = "security" in options and options["security"].boolval
    if definer:
        yield from _search_path(function)
    elif schema == "api":
        yield 1, "functions of the contract are security definer"
    if schema in ("api", "core"):
        for parameter in function.parameters or ():
            result = parameter.mode.name in ("FUNC_PARAM_TABLE", "FUNC_PARAM_OUT")
            if not result and not (parameter.name or "").startswith("p_"):
                yield 1, f"the parameter {parameter.name} begins with p_"


def _codes(text: str, codes: set[str]) -> Iterator[Finding]:
    card = text[: text.lower().index("create ")]
    if unknown := set(CODE.findall(text)) - codes:
        yield 1, f"not in base.errors: {', '.join(sorted(unknown))}"
    if silent := {c for c in RAISED.findall(text) if CODE.fullmatch(c)} - set(CODE.findall(card)):
        yield 1, f"raised but not on the card: {', '.join(sorted(silent))}"


def _contract(text: str, tree: list[Any]) -> Iterator[Finding]:
    if not any(isinstance(s, ast.GrantStmt) for s in tree):
        yield 1, "grant execute is missing"
    if not re.search(r"^select http\.(expose|no_route)\(", text, re.M):
        yield 1, "select http.expose(…) or http.no_route(…) is missing"
    if not re.search(r"^-- Errors\b", text, re.M):
        yield 1, "the card has no Errors section"


def _search_path(function: Any) -> Iterator[Finding]:
    for option in function.options or ():
        if option.defname == "set" and option.arg.name == "search_path":
            if [a.val.sval for a in option.arg.args][-1] != "pg_temp":
                yield 1, "search_path of a definer function ends with pg_temp"
            return
    yield 1, "a definer function sets search_path = pg_catalog, pg_temp"


def _body(path: str, text: str) -> Iterator[Finding]:
    for base, body in list(_bodies(text))[1:]:
        words = [(t.start, body[t.start : t.end + 1].lower()) for t in scan(body)
                 if t.name not in ("SQL_COMMENT", "C_COMMENT")]  # fmt: skip
        for (start, word), (_, after) in zip(words, [*words[1:], (0, "")], strict=True):
            if word == "when" and after == "others":
                yield _line(text, base + start), "when others hides what went wrong"
            if word == "execute" and after != "function" and path not in DYNAMIC:
                yield _line(text, base + start), "dynamic SQL; see DYNAMIC in tools/lint_sql.py"


def _view_file(path: str, text: str, tree: list[Any]) -> Iterator[Finding]:
    views: list[Any] = [s for s in tree if isinstance(s, ast.ViewStmt)]
    names = [(v.view.schemaname, v.view.relname) for v in views]
    if not views:
        yield 1, "makes no view"
    elif {schema for schema, _ in names} != {"compat"}:
        if len(views) != 1:
            yield 1, f"one file makes one view, this one {len(views)}"
        schema, name = names[0]
        if Path(path).stem.lstrip("_") != name:
            yield 1, f"makes {schema}.{name}, so the file is named {name}.sql"
        yield from _card(text, f"{schema}.{name}")
    if any(not view.replace for view in views):
        yield 1, "create or replace view: a deploy replaces in place"
    if sum(isinstance(s, ast.CommentStmt) for s in tree) < len(views):
        yield 1, "comment on view is missing"
    if not any(isinstance(s, ast.GrantStmt) for s in tree):
        yield 1, "grant select is missing"


def _card(text: str, name: str) -> Iterator[Finding]:
    match = CARD.match(text)
    if not match or match["name"] != name:
        yield 1, f"the card begins with: -- {name}: what it does"
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("--"):
            break
        section = SECTIONS.match(line)
        if section and not re.match(r" +\S", section[2]):
            yield number, f"the section {section[1]} is empty"


def _test_file(text: str) -> Iterator[Finding]:
    lower = text.lower()
    for needed in ("begin;", "plan(", "finish()", "rollback;"):
        if needed not in lower:
            yield 1, f"a pgTAP file has {needed}"


def tidy(text: str) -> str:
    for start, end in _upper_keywords(_without_psql(text)):
        text = text[:start] + text[start:end].lower() + text[end:]
    lines = [line.rstrip().replace("\t", "  ") for line in text.split("\n")]
    return "\n".join(part for line in lines for part in _fold(line)).rstrip("\n") + "\n"


def _fold(line: str) -> list[str]:
    """A long comment goes on in the next line; so does the text of COMMENT ON."""
    if len(line) <= LONGEST:
        return [line]
    if match := re.fullmatch(r"(comment on .*? is) ('.*;)", line):
        return [match[1], *_fold("  " + match[2])]
    if match := re.fullmatch(r"(\s*--(?: +[A-Z][a-z]+  +| +)?)(.*)", line):
        head = match[1]
        more = head[: head.index("--")] + "--" + " " * (len(head) - head.index("--") - 2)
        return textwrap.wrap(
            match[2], LONGEST, initial_indent=head, subsequent_indent=more, break_long_words=False
        )
    return [line]


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
