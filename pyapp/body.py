"""Reading what clients send, strictly: JSON, query strings, and values as PostgreSQL wants them."""

import base64
import ipaddress
import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime
from itertools import accumulate
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from pyapp.problems import Problem, field_error, layer, malformed

MAX_DEPTH = 64
MAX_DIGITS = 40
MAX_QUERY_FIELDS = 64


class Loose(str):
    """Text from a path or a query, where a number can only come as text."""

    __slots__ = ()


class Number(float):
    """A JSON number with fraction or exponent that keeps its spelling: numeric must not round."""

    __slots__ = ("text",)
    text: str


def is_json(value: str) -> bool:
    kind, _, parameters = value.partition(";")
    parameters = parameters.replace(" ", "").replace('"', "").lower()
    return kind.strip().lower() == "application/json" and parameters in ("", "charset=utf-8")


def parse_object(data: bytes) -> dict[str, Any]:
    """One JSON object, or a Problem that says what is wrong with it."""
    try:
        value = _parse(data.decode())
    except UnicodeDecodeError as error:
        raise malformed(f"The body is not UTF-8 at byte {error.start}.") from None
    if type(value) is not dict:
        raise malformed("The body must be a JSON object.")
    return value


def _parse(text: str) -> Any:
    if text.count("[") + text.count("{") > MAX_DEPTH and _too_deep(text):
        raise malformed(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise malformed(f"This is not JSON: {error.msg} at {where}.") from None
    if _SUSPECT(text):
        _inspect(value)
    return value


def _too_deep(text: str) -> bool:
    """Counts brackets outside of strings; the parser would find out by recursion."""
    bare = "".join(re.sub(r"\\.", "", text).split('"')[::2])
    brackets = bare.encode().translate(None, _NO_BRACKETS)
    return any(map(MAX_DEPTH.__lt__, accumulate(map(_STEPS.__getitem__, brackets))))


def parse_query(query: str) -> dict[str, Loose]:
    """The fields of a query string; one that is there twice is refused, not guessed at."""
    fields: dict[str, Loose] = {}
    for part in query.split("&") if query else ():
        if not part:
            continue
        name, _, value = part.partition("=")
        name = unquote(name.replace("+", " "))
        if name in fields:
            raise _bad_field(name, "is given twice")
        if len(fields) == MAX_QUERY_FIELDS:
            raise malformed(f"The query has more than {MAX_QUERY_FIELDS} fields.")
        fields[name] = Loose(unquote(value.replace("+", " ")))
    return fields


def unquote(text: str) -> str:
    """Percent-decoding that ends in UTF-8 without NUL or not at all."""
    if "%" not in text:
        if not text.isascii():
            raise malformed("The address has characters that must be percent-encoded.")
        return text
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise malformed("The address has percent-encoded bytes that are not UTF-8.") from None
    if "\0" in decoded:
        raise malformed("The address has a NUL character.")
    return decoded


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise _bad_field(next(name for name in names if names.count(name) > 1), "is given twice")
    return fields


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise malformed(f"A number has more than {MAX_DIGITS} digits.")
    return int(text)


def _fraction(text: str) -> Number:
    if len(text) > MAX_DIGITS:
        raise malformed(f"A number has more than {MAX_DIGITS} digits.")
    number = Number(text)
    if math.isinf(number):
        raise malformed(f"The number {text} is too large.")
    number.text = text
    return number


def _constant(text: str) -> NoReturn:
    raise malformed(f"{text} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


_STEPS = {91: 1, 123: 1, 93: -1, 125: -1}  # [ and {, ] and }
_NO_BRACKETS = bytes(set(range(256)) - set(_STEPS))
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])").search  # what could become NUL or a surrogate


def _inspect(top: Any) -> None:
    """What the parser lets pass in names and strings: NUL, half of a surrogate pair."""
    stack: list[tuple[str, Any]] = [("", top)]
    while stack:
        path, value = stack.pop()
        if type(value) is str:
            _check_text(path, value)
        elif type(value) is dict:
            for name, item in value.items():
                _check_text(path, name)
                stack.append((f"{path}.{name}" if path else name, item))
        elif type(value) is list:
            stack += [(f"{path}[{i}]", item) for i, item in enumerate(value)]


def _check_text(path: str, text: str) -> None:
    if "\0" in text:
        raise _bad_field(path, "has a NUL character")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise _bad_field(path, "has half of a surrogate pair")


def _bad_field(name: str, rule: str) -> Problem:
    shown = name.encode("utf-8", "replace").decode()[:100].replace("\0", "\\0")
    problem = layer("BR001", f"Field {shown!r} {rule}.")
    problem.errors = [{"field": shown, "code": "BR001", "detail": rule}]
    return problem


# --- Values as text for PostgreSQL ---------------------------------------------------------------


def convert(type_name: str, value: object, field: str) -> bytes | None:
    """The text PostgreSQL gets for a value of this type; a value that does not fit is a Problem."""
    if value is None:
        return None
    if type_name.endswith("[]"):
        return _array(type_name[:-2], value, field)
    try:
        return _CONVERTERS.get(_bare(type_name), _text)(value).encode()
    except (ValueError, OverflowError) as error:
        raise field_error(field, str(error)) from None


def _bare(type_name: str) -> str:
    return type_name.rpartition(".")[2].partition("(")[0]


def _array(element: str, value: object, field: str) -> bytes:
    items: Any = value.split(",") if type(value) is Loose and value else value or []
    if type(items) is not list:
        raise field_error(field, "must be a list")
    wrap = Loose if type(value) is Loose else lambda item: item
    texts = []
    for number, item in enumerate(items):
        text = convert(element, wrap(item), f"{field}[{number}]")
        if text is None:
            raise field_error(f"{field}[{number}]", "must not be null")
        texts.append(b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
    return b"{%b}" % b",".join(texts)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004  the caller turns it into a Problem
    return value


def _whole(low: int, high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is Loose and re.fullmatch(r"-?[0-9]{1,19}", value):
            value = int(value)
        if type(value) is not int:
            raise ValueError("must be a whole number")
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}")
        return str(value)

    return check


def _numeric(value: Any) -> str:
    if type(value) is Number:
        return value.text
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value):
        return value  # amounts of money travel as strings too, so that no client rounds them
    raise ValueError("must be a number")


def _boolean(value: Any) -> str:
    if type(value) is Loose and value in ("true", "false"):
        return value
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return "true" if value else "false"


def _uuid(value: Any) -> str:
    if not isinstance(value, str) or not _UUID(value):
        raise ValueError("must be a UUID")
    return value


def _parsed(parse: Callable[[str], object], rule: str, limit: int = 64) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        try:
            if isinstance(value, str) and len(value) <= limit:
                return str(parse(value))
        except ValueError:
            pass
        raise ValueError(rule)

    return check


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def _vector(value: Any) -> str:
    items = _parse(value) if type(value) is Loose else value
    numbers = type(items) is list and all(type(item) in (int, float, Number) for item in items)
    if not numbers or not items:
        raise ValueError("must be a list of numbers")
    return f"[{','.join(map(float.__repr__, map(float, items)))}]"


def _json(value: Any) -> str:
    return json.dumps(_parse(value) if type(value) is Loose else value, ensure_ascii=False)


def _bytes(value: Any) -> str:
    return "\\x" + base64.b64decode(_text(value), validate=True).hex()


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_CONVERTERS: dict[str, Callable[[Any], str]] = {
    "smallint": _whole(-(1 << 15), (1 << 15) - 1),
    "integer": _whole(-(1 << 31), (1 << 31) - 1),
    "bigint": _whole(-(1 << 63), (1 << 63) - 1),
    "numeric": _numeric,
    "real": _numeric,
    "double precision": _numeric,
    "boolean": _boolean,
    "uuid": _uuid,
    "json": _json,
    "jsonb": _json,
    "date": _parsed(date.fromisoformat, "must be a date like 2030-12-31"),
    "timestamp with time zone": _parsed(_moment, "must be a time like 2030-12-31T23:59:59Z"),
    "inet": _parsed(ipaddress.ip_interface, "must be an IP address"),
    "bytea": _bytes,
    "vector": _vector,
    "halfvec": _vector,
}
_CONVERTERS["timestamptz"] = _CONVERTERS["timestamp with time zone"]
