"""Reading the pages people read: their blocks, tables and links."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Block:
    kind: str
    text: str


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level."""
    level = heading.split(" ", maxsplit=1)[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading}"
    return re.split(rf"\n#{{1,{len(level)}}} ", rest)[0]


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)]


def rows(text: str) -> list[list[str]]:
    """Every row of every table, without heads and rules; a bar inside code is no border."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    ruled = {n for n, row in enumerate(cells) if all(re.fullmatch(":?-+:?", c) for c in row)}
    return [row for n, row in enumerate(cells) if n not in ruled and n + 1 not in ruled]


def code(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
