"""Reading what clients send, strictly: JSON, query strings, and values as PostgreSQL wants them."""

import asyncio
import base64
import ipaddress
import json
import math
import re
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote_to_bytes

from pyapp.problems import Problem, field_error, malformed, placed

MAX_DEPTH = 64
MAX_DIGITS = 400  # written out, as PostgreSQL does: more than any float has
MAX_QUERY_FIELDS = 64
_FEW = 40
_MOST_ITEMS = 10_000  # of a list that becomes an array
_LARGE = 1 << 16  # bytes that are read beside the loop, which serves the others meanwhile
_BESIDE = ThreadPoolExecutor(1, "json")
T = TypeVar("T")


class Loose(str):
    """Text from a path or a query, where a number can only come as text."""

    __slots__ = ()


class Checked(str):
    """JSON that was read already, as it came."""

    __slots__ = ()


def is_kind(value: str, wanted: str) -> bool:
    """Whether a Content-Type is the wanted one, in UTF-8."""
    kind, _, parameters = value.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    return kind.strip() == wanted and charset in ("", "charset=utf-8")


async def beside(size: int, read: Callable[..., T], *args: Any) -> T:
    """What is made of so many bytes; of many, while the loop serves others."""
    if size <= _LARGE:
        return read(*args)
    return await asyncio.get_running_loop().run_in_executor(_BESIDE, read, *args)


def parse_object(data: bytes, exact: bool = True) -> dict[str, Any]:
    """One JSON object, or a Problem that says what is wrong with it. Numbers that need not be
    exact, as those of vectors, are read several times as fast."""
    try:
        value = _parse(data.decode(), _EXACT if exact else _FAST)
    except UnicodeDecodeError as error:
        raise malformed(f"This is not UTF-8 at byte {error.start}.") from None
    if type(value) is not dict:
        raise malformed("This is not a JSON object.")
    return value


def _parse(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, " * (error.lineno > 1) + f"column {error.colno}"
        raise malformed(f"This is not JSON: {error.msg.removesuffix(' at')} at {where}.") from None
    except RecursionError:
        raise malformed(_TOO_DEEP) from None
    if _SUSPECT(text) or text.count("[") + text.count("{") > MAX_DEPTH:
        _inspect(value)
    return value


def _inspect(top: Any) -> None:
    """What the parser lets pass: too many levels; NUL and half of a surrogate pair in texts."""
    if steps := _bad_text([top], MAX_DEPTH):
        named = (f"[{step}]" if type(step) is int else f".{step[:_FEW]}" for step in steps[1:])
        detail = "has a NUL character or half of a surrogate pair"
        raise field_error("".join(named).removeprefix("."), detail, "BR001")


def _bad_text(holder: Any, levels: int) -> tuple[Any, ...]:
    """The way to the first such text: names and numbers, put together only where there is one."""
    for name, item in holder.items() if type(holder) is dict else enumerate(holder):
        if type(item) in (dict, list):
            if not levels:
                raise malformed(_TOO_DEEP)
            if rest := _bad_text(item, levels - 1):
                return (name, *rest)
        if (type(item) is str and _NO_TEXT(item)) or (type(name) is str and _NO_TEXT(name)):
            return (name,)
    return ()


def parse_query(query: str) -> dict[str, Loose]:
    """The fields of a query string; one that is there twice is refused, not guessed at."""
    fields: dict[str, Loose] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        name = unquote(name.replace("+", " "))
        if name in fields:
            raise field_error(name, "is given twice", "BR001")
        if len(fields) == MAX_QUERY_FIELDS:
            raise malformed(f"The query has more than {MAX_QUERY_FIELDS} fields.")
        fields[name] = Loose(unquote(value.replace("+", " ")))
    return fields


def unquote(text: str) -> str:
    """Percent-decoding that ends in UTF-8 without NUL or not at all."""
    if not text.isascii():
        raise malformed("The address has characters that must be percent-encoded.")
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
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise field_error(twice, "is given twice", "BR001")
    return fields


def _number(text: str) -> str:
    if len(text) > _FEW or "e" in text or "E" in text:
        mantissa, _, exponent = text.lower().partition("e")
        digits = len(mantissa.lstrip("-").replace(".", ""))
        if len(exponent) > _FEW or digits + abs(int(exponent or "0")) > MAX_DIGITS:
            raise malformed(f"A number has more than {MAX_DIGITS} digits, written out.")
        if math.isinf(float(text)):
            raise malformed(f"A number is larger than 1.7e308: {text[:_FEW]}.")
    return text


def _decimal(text: str) -> float | Decimal:
    """Where a float would not be written as the client wrote it, it is none: nothing may round."""
    number = float(_number(text))
    return number if repr(number) == text else Decimal(text)


def _constant(text: str) -> NoReturn:
    raise malformed(f"{text} is not JSON.")


_EXACT, _FAST = (
    json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=lambda text: int(_number(text)),
        parse_float=parse_float,
        parse_constant=_constant,
    )
    for parse_float in (_decimal, None)
)
_TOO_DEEP = f"The JSON is nested deeper than {MAX_DEPTH} levels."
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])").search  # what could become one of these
_NO_TEXT = re.compile("[\0\ud800-\udfff]").search
_MARKED = re.compile(r'"\\u0000([^"]+)"').sub


# --- Values as PostgreSQL reads them -------------------------------------------------------------


def is_binary(type_name: str) -> bool:
    """Whether values of this type go in binary form, and not as text."""
    return type_name.rpartition(".")[2].removesuffix("[]") == "vector"


def convert(
    type_name: str, value: object, field: str, element: int | None = None, told: str | None = None
) -> bytes | None:
    """What PostgreSQL gets for a value of this type; a value that does not fit is a Problem.
    element: the type of what a list holds, by number; told: its rule, where more is known."""
    if value is None:
        return None
    if type_name.endswith("[]"):
        return _array(type_name[:-2], value, field, element)
    bare_name = type_name.rpartition(".")[2].partition("(")[0]
    rule, read = _TYPES.get(bare_name, _TYPES["text"])
    try:
        found = read(value)
        return found.encode() if isinstance(found, str) else found
    except (ValueError, TypeError, OverflowError, struct.error):
        raise field_error(field, f"must be {told or rule}") from None
    except Problem as problem:  # JSON in a query
        raise placed(problem, field) from None


def _array(type_name: str, value: object, field: str, element: int | None) -> bytes:
    items: Any = value
    if type(value) is Loose:
        items = [Loose(item) for item in value.split(",")] if value else []
    if type(items) is not list:
        raise field_error(field, "must be a list")
    if len(items) > _MOST_ITEMS:
        raise field_error(field, f"must be a list of at most {_MOST_ITEMS:,}")
    found = []
    for number, item in enumerate(items):
        read = convert(type_name, item, f"{field}[{number}]")
        if read is None:
            raise field_error(f"{field}[{number}]", "must not be null")
        found.append(read)
    if is_binary(type_name):
        assert element is not None
        return binary_array(found, element)
    quoted = (b'"%b"' % one.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for one in found)
    return b"{%b}" % b",".join(quoted)


def binary_array(items: Sequence[bytes | None], element: int) -> bytes:
    """An array as PostgreSQL reads it in binary form, of items in that form; None is NULL."""
    if not items:
        return struct.pack(">iiI", 0, 0, element)
    head = struct.pack(">iiIii", 1, None in items, element, len(items), 1)
    sized = (b"\xff" * 4 if i is None else struct.pack(">i", len(i)) + i for i in items)
    return head + b"".join(sized)


def numbers_array(oid: int, form: str, *parts: list[int]) -> bytes:
    """The same of numbers, packed at once: `form` says of what size each part of an item is."""
    size = len(parts[0])
    items = [struct.calcsize(f">{form}")] * (size * (len(parts) + 1))
    for place, part in enumerate(parts, 1):
        items[place :: len(parts) + 1] = part
    return struct.pack(f">iiIii{f'i{form}' * size}", 1, 0, oid, size, 1, *items)


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

    return f"a whole number of at most {bits + 1} bits", text_of


def _numeric(value: Any) -> str:
    if type(value) in (int, float, Decimal) and math.isfinite(value):
        return str(value)
    # Amounts of money travel as strings too, so that no client rounds them.
    return _DECIMAL(value)


def _boolean(value: Any) -> str:
    if type(value) is bool or (type(value) is Loose and value in ("true", "false")):
        return str(value).lower()
    raise ValueError


def _parsed(parse: Callable[[str], object]) -> Callable[[Any], str]:
    return lambda value: str(parse(_SHORT(value)))


_MOST_NUMBERS = 16_000  # of a vector


def _vector(value: Any) -> bytes:
    """In binary form: to write the numbers out and read them again takes ten times as long."""
    items = _parse(value, _FAST) if type(value) is Loose else value
    if type(items) is not list or not 1 <= len(items) <= _MOST_NUMBERS:
        raise ValueError
    if not {int, float, Decimal}.issuperset(map(type, items)) or math.isinf(math.fsum(items)):
        raise ValueError
    return struct.pack(f">HH{len(items)}f", len(items), 0, *items)


def _json(value: Any) -> str:
    if type(value) is Checked:
        return value
    read = _parse(value, _EXACT) if type(value) is Loose else value
    text = json.dumps(read, ensure_ascii=False, allow_nan=False, default=_marked)
    return _MARKED(r"\1", text) if '"\\u0000' in text else text


def _marked(number: Decimal) -> str:
    """What stands for a decimal, of which json would make a float: no text has a NUL."""
    return f"\0{number}"


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


_TEXT = _matching(r"(?s:.*)")
_WHOLE = _matching(r"-?[0-9]{1,19}")
_DECIMAL = _matching(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_SHORT = _matching(r".{1,64}")
_UUID = _matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# In UTC, where the years end that can be written, and all offsets are known. What has no beginning,
# or no end, says so.
_ENDLESS = ("infinity", "-infinity")
_MOMENT = _parsed(lambda t: t if t in _ENDLESS else _utc(datetime.fromisoformat(t)))

_JSON = ("JSON, with numbers of at most 1.8e308", _json)

# What a value must be, and how it is written; a value that is something else raises.
_TYPES: dict[str, tuple[str, Callable[[Any], str] | Callable[[Any], bytes]]] = {
    "text": ("a string", _TEXT),
    "smallint": _whole(15),
    "integer": _whole(31),
    "bigint": _whole(63),
    "numeric": ("a number", _numeric),
    "real": ("a number", _numeric),
    "double precision": ("a number", _numeric),
    "boolean": ("true or false", _boolean),
    "uuid": ("a UUID", _UUID),
    "json": _JSON,
    "jsonb": _JSON,
    "date": ("a date like 2030-12-31", _parsed(date.fromisoformat)),
    "timestamp with time zone": ("a time like 2030-12-31T23:59:59Z", _MOMENT),
    "inet": ("an IP address", _parsed(ipaddress.ip_interface)),
    "bytea": ("bytes in base64", lambda v: "\\x" + base64.b64decode(v, validate=True).hex()),
    "vector": (f"a list of 1 to {_MOST_NUMBERS:,} numbers, each at most 3.4e38", _vector),
}
