"""From figures to sentences: ratios within each round, bars, a table and a picture."""

from collections.abc import Mapping
from html import escape
from statistics import median
from typing import NamedTuple

Rounds = list[dict[str, dict[str, float]]]

NAMES = {
    "hello": "aiohttp, hello world",
    "livez": "Plinth, GET /livez",
    "cached": "Plinth, GET /v1/me, cached",
    "uncached": "Plinth, GET /v1/me, uncached",
    "pool": "aiohttp + psycopg_pool, same statement",
    "tuned": "the same, autocommit and prepared",
    "fastapi": "FastAPI + SQLAlchemy(asyncpg), same statement",
    "fastify": "Node fastify + pg, same statement",
    "pgbench4": "pgbench, same statement, 4 clients",
    "pgbench8": "pgbench, same statement, 8 clients",
    "limiting": "Plinth, limiting a call",
    "lua": "redis-py, a sliding window in Lua",
    "sign_in": "Plinth, POST /v1/sessions, 2 clients",
    "bcrypt": "pgbench, one bcrypt of that cost, 1 client",
}
# Point, other point of the same round, and the ratio that has to be reached (0: just told).
_RATIOS = [
    ("cached", "hello", 0.80),
    ("uncached", "hello", 0.55),
    ("cached", "pool", 3.5),
    ("uncached", "pool", 3.5),
    ("uncached", "fastapi", 9.0),
    ("uncached", "fastify", 1.3),
    ("limiting", "lua", 3.0),
    ("uncached", "tuned", 0.0),
    ("livez", "hello", 0.0),
    ("uncached", "pgbench8", 0.0),
    ("sign_in", "bcrypt", 0.0),
]
_LOOPS = ("limiting", "lua")  # calls within a process, no answers of a server
_COLUMNS = {
    "p50_ms": ("p50 ms", ".2f"),
    "p99_ms": ("p99 ms", ".2f"),
    "server_us": ("server", ",.0f"),
    "postgres_us": ("PostgreSQL", ",.0f"),
    "redis_us": ("Redis", ",.0f"),
    "load_us": ("load", ",.0f"),
    "core0": ("core 0", ".0%"),
    "core1": ("core 1", ".0%"),
    "others": ("others", ".0%"),
}


class Spread(NamedTuple):
    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        digits = 0 if self.middle >= 100 else 2
        return f"{self.middle:,.{digits}f} [{self.low:,.{digits}f}-{self.high:,.{digits}f}]"


class Bar(NamedTuple):
    what: str
    ratio: Spread
    floor: float

    @property
    def verdict(self) -> str:
        return "" if not self.floor else "pass" if self.ratio.middle >= self.floor else "FAIL"


def spread(rounds: Rounds, point: str, column: str = "rate", over: str = "") -> Spread:
    """Only what was measured in the same round is divided by each other: the machine drifts."""
    values = [r[point][column] / (r[over]["rate"] if over else 1) for r in rounds]
    return Spread(median(values), min(values), max(values))


def bars(rounds: Rounds) -> list[Bar]:
    there = rounds[0]
    return [
        Bar(f"{NAMES[a]} / {NAMES[b]}", spread(rounds, a, over=b), floor)
        for a, b, floor in _RATIOS
        if a in there and b in there
    ]


def limit(rounds: Rounds, point: str) -> str:
    """Which core was full while a point was measured, and with whose work."""
    direct = point.startswith(("pgbench", "bcrypt", "limiting", "lua"))
    full = {n: spread(rounds, point, n).middle for n in ("core0", "core1")}
    core = max(full, key=lambda n: full[n])
    first = ["load"] if direct else ["server"]
    there = first if core == "core0" else ["postgres", "redis"] + ["load"] * (not direct)
    most = max(there, key=lambda name: spread(rounds, point, f"{name}_us").middle)
    program = "Python" if point in _LOOPS else "pgbench" if direct else "wrk"
    word = {"load": program, "postgres": "PostgreSQL"}.get(most, most)
    return word if full[core] > 0.9 else "waiting"


def markdown(rounds: Rounds, facts: Mapping[str, str], seconds: int, when: str) -> str:
    points = [point for point in NAMES if point in rounds[0]]
    lines = ["# Benchmark results", ""]
    lines.append(f"{when}, {len(rounds)} interleaved rounds of {seconds} s per point: medians")
    lines.append("[min-max]. What the points and columns mean is in docs/benchmarks.md.")
    if (others := median(spread(rounds, point, "others").middle for point in points)) > 0.5:
        lines += [
            "",
            f"**Others used {others:.0%} of a core meanwhile: repeat it when it is quiet.**",
        ]
    lines += ["", "![Answers per second](latest.svg)", "", "## Ratios within one round", ""]
    lines += ["| ratio | measured | at least | |", "|---|---|---|---|"]
    for bar in bars(rounds):
        lines.append(f"| {bar.what} | {bar.ratio} | {bar.floor or ''} | {bar.verdict} |")
    lines += ["", "## Points", ""]
    names = [title for title, _ in _COLUMNS.values()]
    lines.append(" | ".join(["| point", "answers/s", "/ hello", *names, "limited by |"]))
    lines.append("|---" * (len(names) + 4) + "|")
    for point in points:
        share = spread(rounds, point, over="hello").middle
        cells = [NAMES[point], str(spread(rounds, point)), f"{share:.3g}"]
        for column, (_, form) in _COLUMNS.items():
            there = column in rounds[0][point]
            cells.append(f"{spread(rounds, point, column).middle:{form}}" if there else "")
        lines.append("| " + " | ".join([*cells, limit(rounds, point)]) + " |")
    lines += ["", "## Made with", "", *(f"- {name}: {value}" for name, value in facts.items())]
    return "\n".join([*lines, ""])


def picture(rounds: Rounds) -> str:
    """Horizontal bars of answers per second, with a line from the slowest to the fastest round."""
    found = {point: spread(rounds, point) for point in NAMES if point in rounds[0]}
    served = {p: one for p, one in found.items() if one.middle > 100 and p not in _LOOPS}
    left, scale = 330, 420 / max(one.high for one in served.values())
    height = 30 * len(served) + 40
    what = "answers per second (/ hello), one server process on one core; line: slowest to fastest"
    out = ['<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13"']
    out.append(f'viewBox="0 0 880 {height}"><rect width="880" height="{height}" fill="#fff"/>')
    out.append(f'<text x="20" y="20" fill="#555">{what}</text>')
    for row, (point, one) in enumerate(served.items()):
        y, low, high = 32 + row * 30, left + one.low * scale, left + one.high * scale
        colour = "#336791" if NAMES[point].startswith("Plinth") else "#b0b7bf"
        share = spread(rounds, point, over="hello").middle
        out.append(f'<text x="320" y="{y + 15}" text-anchor="end">{escape(NAMES[point])}</text>')
        out.append(f'<rect x="{left}" y="{y}" width="{one.middle * scale:.0f}" height="20"')
        out.append(f'fill="{colour}"/><path d="M{low:.0f} {y + 10}H{high:.0f}" stroke="#222"/>')
        out.append(f'<text x="{high + 8:.0f}" y="{y + 15}">{one.middle:,.0f} ({share:.2f})</text>')
    return "\n".join([*out, "</svg>", ""])
