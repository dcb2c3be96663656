"""The shape of pyapp: no import circle, small, and no SQL but calls of functions."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AIM = 2500  # lines of code; beyond it the check says so
MOST_LINES = 6379
# Modules that are about the database itself, and may say so in SQL.
SQL_ALLOWED = {
    "deploy", "doctor", "engine", "migrate", "pgtap", "seed", "sqlfile",
}  # fmt: skip
STATEMENT = re.compile(
    r"\b(?:insert\s+into|delete\s+from|update\s+\w+\.\w+\s+set|merge\s+into|(?:create|alter|drop)\s+"
    r"(?:table|function|role|database|index|schema|view)|select\b.*\bfrom\s+(?!\w+\.\w+\())",
    re.I | re.S,
)


def imports(path: Path, modules: set[str]) -> set[str]:
    """The modules of pyapp that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name.removeprefix("pyapp.") for a in node.names if a.name[:6] == "pyapp."}
        elif isinstance(node, ast.ImportFrom) and node.module == "pyapp":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyapp."):
            assert node.module
            found.add(node.module.removeprefix("pyapp."))
    return (found & modules) - {path.stem}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle, first module repeated at the end; empty when there is none."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if found := walk(other, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def lines(text: str) -> int:
    """Lines with something on them that is no comment."""
    return sum(bool(s := line.strip()) and not s.startswith("#") for line in text.splitlines())


def sql_in(text: str) -> Iterator[int]:
    """Lines with a text that is an SQL statement of its own rather than the call of a function."""
    tree = ast.parse(text)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
            and STATEMENT.search(node.value)
        ):
            yield node.lineno


def main() -> int:
    files = sorted((ROOT / "pyapp").glob("*.py"))
    modules = {file.stem for file in files}
    findings = []
    if found := circle({file.stem: imports(file, modules) for file in files}):
        findings.append(f"import circle: {' -> '.join(found)}")
    total = sum(lines(file.read_text(encoding="utf-8")) for file in files)
    if total > MOST_LINES:
        findings.append(f"pyapp has {total} lines of code, {MOST_LINES} are the limit")
    for file in files:
        if file.stem not in SQL_ALLOWED:
            text = file.read_text(encoding="utf-8")
            findings += [f"pyapp/{file.name}:{n}: SQL belongs in db/" for n in sql_in(text)]
    print(*findings, sep="\n", end="\n" if findings else "")
    over = f" ({total - AIM} more than the aim)" if total > AIM else ""
    print(f"pyapp: {len(files)} modules, {total} lines{over}, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
