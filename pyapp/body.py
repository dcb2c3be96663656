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
            if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
                raise _bad_field(path, "has a NUL character or half of a surrogate pair")
        elif type(value) is dict:
            stack += [(path, name) for name in value]
            stack += [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
        elif type(value) is list:
            stack += [(f"{path}[{i}]", item) for i, item in enumerate(value)]


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
    rule, text_of = _TYPES.get(type_name.rpartition(".")[2].partition("(")[0], _TYPES["text"])
    try:
        return text_of(value).encode()
    except (ValueError, TypeError, OverflowError):
        raise field_error(field, f"must be {rule}") from None


def _array(element: str, value: object, field: str) -> bytes:
    items: Any = value
    if type(value) is Loose:
        items = [Loose(item) for item in value.split(",")] if value else []
    if type(items) is not list:
        raise field_error(field, "must be a list")
    texts = []
    for number, item in enumerate(items):
        text = convert(element, item, f"{field}[{number}]")
        if text is None:
            raise field_error(f"{field}[{number}]", "must not be null")
        texts.append(b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
    return b"{%b}" % b",".join(texts)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _matching(pattern: str) -> Callable[[Any], str]:
    matches = re.compile(pattern).fullmatch

    def text_of(value: Any) -> str:
        if not matches(value):
            raise ValueError
        return str(value)

    return text_of


def _whole(bits: int) -> tuple[str, Callable[[Any], str]]:
    low, high = -(1 << bits), (1 << bits) - 1

    def text_of(value: Any) -> str:
        number = int(_WHOLE(value)) if type(value) is Loose else value
        if type(number) is not int or not low <= number <= high:
            raise ValueError
        return str(number)

    return f"a whole number from {low} to {high}", text_of


def _numeric(value: Any) -> str:
    if type(value) is Number:
        return value.text
    # Amounts of money travel as strings too, so that no client rounds them.
    return str(value) if type(value) is int else _DECIMAL(value)


def _boolean(value: Any) -> str:
    if type(value) is bool or (type(value) is Loose and value in ("true", "false")):
        return str(value).lower()
    raise ValueError


def _parsed(parse: Callable[[str], object]) -> Callable[[Any], str]:
    return lambda value: str(parse(_SHORT(value)))


def _vector(value: Any) -> str:
    items = _parse(value) if type(value) is Loose else value
    if not items or not {int, float, Number}.issuperset(map(type, items)):
        raise ValueError
    return f"[{','.join(map(float.__repr__, map(float, items)))}]"


def _json(value: Any) -> str:
    return json.dumps(_parse(value) if type(value) is Loose else value, ensure_ascii=False)


def _bytes(value: Any) -> str:
    return "\\x" + base64.b64decode(value, validate=True).hex()


_WHOLE = _matching(r"-?[0-9]{1,19}")
_DECIMAL = _matching(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_SHORT = _matching(r".{1,64}")
_UUID = _matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = _parsed(datetime.fromisoformat)

# What a value must be, and how it is written; a value that is something else raises.
_TYPES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "text": ("a string", _text),
    "smallint": _whole(15),
    "integer": _whole(31),
    "bigint": _whole(63),
    "numeric": ("a number", _numeric),
    "real": ("a number", _numeric),
    "double precision": ("a number", _numeric),
    "boolean": ("true or false", _boolean),
    "uuid": ("a UUID", _UUID),
    "json": ("JSON", _json),
    "jsonb": ("JSON", _json),
    "date": ("a date like 2030-12-31", _parsed(date.fromisoformat)),
    "timestamp with time zone": ("a time like 2030-12-31T23:59:59Z", _MOMENT),
    "timestamptz": ("a time like 2030-12-31T23:59:59Z", _MOMENT),
    "inet": ("an IP address", _parsed(ipaddress.ip_interface)),
    "bytea": ("bytes in base64", _bytes),
    "vector": ("a list of numbers", _vector),
    "halfvec": ("a list of numbers", _vector),
}
