"""The registry as the database tells it: which function answers a path, with which arguments."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import count
from typing import Any

from pyapp import body, problems
from pyapp.pipe import Statement

_MOST_STATEMENTS = 256
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


_statement = lru_cache(_MOST_STATEMENTS)(Statement)  # many routes vouch in the same words


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    type: str
    required: bool
    element: int | None
    rule: str | None  # what it must be, where the database knows more than the type


class Route:
    """One endpoint: what it takes, what it runs, how long its answer may be kept."""

    def __init__(self, row: Mapping[str, Any], version: str) -> None:
        self.name: str = row["route"]
        self.method: str = row["method"]
        self.path: str = row["path"]
        self.function: str = row["function"]
        self.auth: str = row["auth"]
        self.lane: str = row["lane"]
        self.status: int = row["status"]
        self.cost: int = row["cost"]
        self.result: str = row["result"]
        self.cache_seconds: int | None = row["cache_seconds"]
        self.cache_tags: tuple[str, ...] = tuple(row["cache_tags"])
        self.cache_name = f"{version[:8]}:{self.function}".encode()
        # Key by key: during a deploy the database may be older or newer than the layer.
        self.args = {
            a["name"]: Argument(*map(a.get, ("name", "type", "required", "element", "rule")))
            for a in row["arguments"]
        }
        types = [arg.type for arg in self.args.values()]
        self.exact = "numeric" in types or not any(map(body.is_binary, types))
        self.required = [a.name for a in self.args.values() if a.required]
        self.once: str = row["once"]
        self.lines: str | None = row["lines"]  # the argument for the lines of a body
        self._text: str = row["statement"]
        self._text_once: str = row["statement_once"] or ""
        self._text_many: str | None = row.get("statement_many")
        replica: dict[str, str] = row["replica"] or {}
        self._replica_text = replica.get("statement")
        # How the primary vouches for the caller; None where a replica may not answer.
        self.vouch = _statement(replica["vouch"]) if replica else None
        asked = f"{version}{replica.get('vouch')}".encode()
        self.vouch_name = hashlib.blake2b(asked, digest_size=12).hexdigest().encode()
        # One per set of arguments that a request gave: what it left out takes its default.
        self._statement = lru_cache(_MOST_STATEMENTS)(self._make)

    def bind(
        self, given: Mapping[str, object], key: bytes | None = None
    ) -> tuple[Statement, list[bytes]]:
        """The statement for what a request gave, and its values as PostgreSQL reads them; before
        them, of a call that is to happen once, its key and what tells it from another."""
        if not given and not self.required and key is None:  # the common one, and the fastest
            return self._statement(()), []
        for name in given:
            if name not in self.args:
                raise problems.field_error(name, "is not a field of this request", "VL002")
        for name in self.required:
            if given.get(name) is None:
                raise problems.field_error(name, "is required", "VL003")
        values = {
            name: value
            for name, arg in self.args.items()
            if name in given and (value := self._convert(arg, given[name])) is not None
        }
        bound = list(values.values())
        if key is None:
            return self._statement(tuple(values)), bound
        said = b"".join(b"%b:%d:%b" % (n.encode(), len(v), v) for n, v in values.items())
        digest = hashlib.sha256(said).hexdigest().encode()
        return self._statement(tuple(values), once=True), [key, digest, *bound]

    def _convert(self, arg: Argument, value: object) -> bytes | None:
        # null asks for the default; in a change it could mean to clear, so it is not guessed at.
        if value is None and self.method == "PATCH":
            told = "must not be null: leave it out to keep it; /docs says what clears it"
            raise problems.field_error(arg.name, told)
        return body.convert(arg.type, value, arg.name, arg.element, arg.rule)

    def _make(self, names: Sequence[str], *, once: bool = False) -> Statement:
        """The statement with these arguments; before them come the token and the request's context,
        and of a call that is to happen once its key and the digest of its arguments."""
        first = 5 if once else 3
        types = [self.args[name].type for name in names]
        # Types of extensions are not for the layer's login to name: the function's own says it.
        casts = ["" if t.startswith("ext.") else f"::{t}" for t in types]
        values = {name: f"${first + n}{casts[n]}" for n, name in enumerate(names)}
        formats = [0] * (first - 1) + [body.is_binary(t) for t in types]
        binary = formats if True in formats else None
        far = self._replica_text
        there = Statement(self._filled(far, values), None, binary) if far else None
        text = self._text_once if once else self._text
        made = Statement(self._filled(text, values), there, binary)
        if self._text_many and all(casts) and not once:
            text = self._filled(self._text_many, {name: f"q.p_{name}" for name in names})
            text = text.replace("{names}", "".join(f", p_{name}" for name in names))
            made.many = cache(partial(_many, text, ["::bytea", "::text", *casts]))
        return made

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        pages = self.result == "list"
        listed = [f"p_{n} => {v}" for n, v in values.items() if not (pages and n == "limit")]
        arguments = ", ".join(listed)
        if arguments and "({args}" not in text:  # something stands before them
            arguments = ", " + arguments
        limit = values.get("limit", "null") if pages else "null"
        return text.replace("{args}", arguments).replace("{limit}", limit)


def _many(text: str, casts: Sequence[str], calls: int) -> Statement:
    """The statement for so many calls, each a row with values of its own."""
    at = count(1)
    rows = ["".join([f"({n}", *(f", ${next(at)}{c}" for c in casts), ")"]) for n in range(calls)]
    return Statement(text.replace("{calls}", ", ".join(rows)))


class Registry:
    """All routes of one version of the code; the layer swaps it whole when a deploy says so."""

    def __init__(self, document: bytes) -> None:
        told = json.loads(document)
        self.version: str = told["version"]
        self.errors: list[dict[str, Any]] = told["errors"]
        self.openapi: bytes | None = None  # once somebody asked
        self._codes = {row["code"]: row for row in self.errors}
        # By path and method. A path with a placeholder has the pattern that finds it.
        self._fixed: dict[str, dict[str, Route]] = {}
        self.kept: list[Route] = []  # what may be kept and needs no arguments
        self._open: dict[re.Pattern[str], dict[str, Route]] = {}
        for row in told["routes"]:
            route = Route(row, self.version)
            if "{" in route.path:
                pattern = _PLACEHOLDER.sub(r"(?P<\1>[^/]+)", route.path.replace(".", r"\."))
                methods = self._open.setdefault(re.compile(pattern), {})
            else:
                methods = self._fixed.setdefault(route.path, {})
            methods[route.method] = route
            if route.cache_seconds and not (route.required or "{" in route.path):
                self.kept.append(route)
            if route.method == "GET":
                methods["HEAD"] = route
            name = "/rpc/" + route.function.partition(".")[2]
            if name not in self._fixed:  # by name, the answer is never kept
                by_name = row | {"method": "POST", "cache_seconds": None}
                self._fixed[name] = {"POST": Route(by_name, self.version)}

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """The routes of a path by method, and what stands for its placeholders."""
        if methods := self._fixed.get(path):
            return methods, {}
        for pattern, methods in self._open.items():
            if hit := pattern.fullmatch(path):
                return methods, hit.groupdict()
        raise problems.layer("NF404", "No route has this path.")

    def problem(
        self,
        code: str,
        message: str,
        field: str | None = None,
        retry_after: int | None = None,
        faults: str = "",
    ) -> problems.Problem:
        """A failed call as the error table has it: the longest matching code decides. Where it
        breaks several rules, faults is the list of them, in JSON."""
        known = self._codes
        row = next((known[code[:n]] for n in range(5, 1, -1) if code[:n] in known), None)
        if row is None or row["http_status"] == 500:
            return problems.internal()
        # PostgreSQL's own messages may repeat a value or name a table: the client gets the table's.
        ours = code[0].isalpha() and len(row["code"]) == 5
        detail = message if ours else row["description"]
        errors = [{"field": field, "code": row["code"], "detail": detail}] if field else []
        return problems.Problem(
            row["http_status"],
            row["code"],
            row["title"],
            detail,
            errors=json.loads(faults) if ours and faults else errors,
            retry_after=retry_after or row["retry_after"],
            headers=(("WWW-Authenticate", "Bearer"),) if row["http_status"] == 401 else (),
        )
