"""What bench.vectors found: bars with their verdicts, a table, a picture."""

import json
import time
from collections.abc import Iterable, Mapping
from html import escape
from math import log2
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.report import Spread

RESULTS = Path(__file__).with_name("results")
NAMES = {
    "plinth": "Plinth, index",
    "exact": "Plinth, exact",
    "http": "Plinth, index, over HTTP",
    "user": "Plinth, a user with 1 % of the rows",
    "metadata": "Plinth, metadata that 1 % of the rows have",
    "hnswlib": "hnswlib, in memory",
    "chromadb": "chromadb, embedded",
    "qdrant": "qdrant-client, local mode",
}
# Of the points of a case: what the first may take at most, in the times of the second.
_RATIOS = {
    "10k-768": (("plinth", "chromadb", 0.8), ("plinth", "hnswlib", 0.0), ("plinth", "qdrant", 0.0)),
    "10k-1536": (
        ("plinth", "chromadb", 0.0),
        ("plinth", "hnswlib", 0.0),
        ("plinth", "qdrant", 0.0),
    ),
    "100k-768": (("plinth", "hnswlib", 5.0),),
}
_RECALL, _ROWS, _MS = 0.95, 10, 100.0


class Found(NamedTuple):
    """A case: its points, what building and tuning told, and what each round measured."""

    case: str
    points: list[Any]
    said: dict[str, dict[str, Any]]
    rounds: list[dict[str, dict[str, float]]]

    def spread(self, point: str, column: str = "p50_ms", over: str = "") -> Spread:
        values = [r[point][column] / (r[over][column] if over else 1) for r in self.rounds]
        return Spread(median(values), min(values), max(values))


class Bar(NamedTuple):
    what: str
    value: str
    bar: str
    held: bool | None  # None: just told

    @property
    def verdict(self) -> str:
        return "" if self.held is None else "pass" if self.held else "MISSED"


def bars(found: Found) -> Iterable[Bar]:
    points = {point.name: point for point in found.points}
    ef, recall = found.said["default"]["steps"][0]
    yield _recall(f"recall@10 as a model is made (ef_search {ef})", recall)
    for name, point in points.items():
        if name in ("plinth", "user", "metadata", "http"):
            yield _recall(f"recall@10, {NAMES[name]}", point.recall)
        if name in ("user", "metadata"):
            rows = f"{point.fewest} of {_ROWS}"
            yield Bar(f"rows, {NAMES[name]}", rows, f"{_ROWS}", point.fewest == _ROWS)
        if name in ("plinth", "http") and found.case.startswith("10k"):
            took = found.spread(name)
            yield Bar(f"p50, {NAMES[name]}", f"{took} ms", f"< {_MS:g} ms", took.middle < _MS)
    for one, other, most in _RATIOS[found.case]:
        ratio = found.spread(one, over=other)
        bar = f"<= {most:g}" if most else ""
        yield Bar(f"p50, {NAMES[one]} / {NAMES[other]}", str(ratio), bar,
                  ratio.middle <= most if most else None)  # fmt: skip
    callers = found.said["plinth"]["callers"]
    value = f"{callers['rate']:,.0f}/s, p50 {callers['p50_ms']:.1f}, p95 {callers['p95_ms']:.1f} ms"
    ten = found.case.startswith("10k")
    yield Bar("8 callers at once (pgbench)", value, f"p95 < {_MS:g} ms" if ten else "",
              callers["p95_ms"] < _MS if ten else None)  # fmt: skip


def _recall(what: str, value: float) -> Bar:
    return Bar(what, f"{value:.3f}", f">= {_RECALL:g}", value >= _RECALL)


def show(found: Found) -> None:
    for bar in bars(found):
        print(f"{found.case:9} {bar.verdict:6} {bar.what:60} {bar.value:40} {bar.bar}", flush=True)


def table(found: Found) -> Iterable[str]:
    rounds = len(found.rounds)
    yield f"| point | p50 ms of {rounds} rounds | p95 ms | recall@10 | ef | index MB | built in |"
    yield "|---|---|---|---|---|---|---|"
    for point in found.points:
        about = found.said.get(point.name, {})
        size = f"{about['megabytes']:,.0f}" if about.get("megabytes") else ""
        built = f"{about['seconds']:,.1f} s" if about else ""
        took, most = found.spread(point.name), found.spread(point.name, "p95_ms")
        cells = [NAMES[point.name], str(took), f"{most.middle:,.2f}", f"{point.recall:.3f}"]
        yield "| " + " | ".join([*cells, str(point.effort or ""), size, built]) + " |"
    yield ""
    for name, about in found.said.items():
        if len(about["steps"]) > 1 and name != "qdrant":
            steps = ", ".join(f"{ef}: {recall:.3f}" for ef, recall in about["steps"])
            yield f"- recall by ef, {NAMES[name]}: {steps}"
    about = found.said["plinth"]
    yield f"- the table without its indexes: {about['table']:,.0f} MB"


def markdown(all_found: list[Found], facts: Mapping[str, str], when: str) -> str:
    lines = ["# Vector search", "", f"{when}; `make bench-vectors`. How it is measured stands in"]
    lines += ["[docs/benchmarks.md](../../docs/benchmarks.md#vectors).", ""]
    lines += ["![Milliseconds of a search](vectors.svg)", "", "## Bars", ""]
    lines += ["| rows | what | measured | bar | |", "|---|---|---|---|---|"]
    for found in all_found:
        for bar in bars(found):
            word = f"**{bar.verdict}**" if bar.held is False else bar.verdict
            lines.append(f"| {found.case} | {bar.what} | {bar.value} | {bar.bar} | {word} |")
    for found in all_found:
        lines += ["", f"## {found.case}", "", *table(found)]
    lines += ["", "## Made with", "", *(f"- {name}: {value}" for name, value in facts.items())]
    return "\n".join([*lines, ""])


def picture(all_found: list[Found]) -> str:
    """Milliseconds on a scale that doubles, since they are a hundred times apart."""
    rows = [(f, p.name, f.spread(p.name)) for f in all_found for p in f.points]
    low, left, wide = 0.03, 400, 420

    def at(ms: float) -> float:
        return left + max(0.0, log2(ms / low)) / log2(200 / low) * wide

    height = 26 * (len(rows) + len(all_found)) + 50
    out = ['<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13"']
    out.append(f'viewBox="0 0 940 {height}"><rect width="940" height="{height}" fill="#fff"/>')
    what = "milliseconds of a search, p50 at recall@10 of 0.95 or more; the scale doubles"
    out.append(f'<text x="20" y="20" fill="#555">{what}</text>')
    for ms in (0.1, 1, 10, 100):
        out.append(f'<path d="M{at(ms):.0f} 28V{height - 20}" stroke="#ddd"/>')
        out.append(f'<text x="{at(ms):.0f}" y="{height - 6}" text-anchor="middle">{ms:g}</text>')
    y, case = 28, ""
    for found, name, took in rows:
        if found.case != case:
            case = found.case
            out.append(f'<text x="20" y="{y + 20}" font-weight="bold">{case}</text>')
            y += 26
        colour = "#336791" if NAMES[name].startswith("Plinth") else "#b0b7bf"
        end = at(took.middle)
        out.append(
            f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(NAMES[name])}</text>'
        )
        out.append(
            f'<rect x="{left}" y="{y + 1}" width="{end - left:.0f}" height="18" fill="{colour}"/>'
        )
        out.append(f'<path d="M{at(took.low):.0f} {y + 10}H{at(took.high):.0f}" stroke="#222"/>')
        out.append(
            f'<text x="{max(end, at(took.high)) + 8:.0f}" y="{y + 15}">{took.middle:.2f}</text>'
        )
        y += 26
    return "\n".join([*out, "</svg>", ""])


def write(all_found: list[Found], facts: Mapping[str, str], *, whole: bool) -> int:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if whole:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "vectors.md").write_text(markdown(all_found, facts, when))
        (RESULTS / "vectors.svg").write_text(picture(all_found))
        kept = [{"case": f.case, "said": f.said, "rounds": f.rounds} for f in all_found]
        (RESULTS / "vectors.json").write_text(json.dumps({"when": when, "cases": kept}, indent=1))
        print("written to bench/results: vectors.md, vectors.svg, vectors.json")
    return int(any(bar.held is False for found in all_found for bar in bars(found)))
