"""Values on their way to PostgreSQL: what fits arrives unchanged, what does not is refused here."""

import json
import struct
from typing import Any

import pytest
from psycopg.types import TypeInfo

from pyapp.body import Loose, convert, is_binary, is_kind, parse_object, parse_query
from pyapp.problems import Problem
from tests.conftest import Database

UUID = "0190b5a4-7c1e-7d3a-9b7e-1f2e3d4c5b6a"
BIG = 1 << 63


def read(text: str) -> Any:
    """A value as it comes out of a body."""
    return parse_object(f'{{"v":{text}}}'.encode())["v"]


# Type, what a client sends, and how PostgreSQL writes the value it understood.
FITS = [
    ("text", '"gr\\u00fc\\u00df \\ud83d\\ude00"', "grüß 😀"),
    ("text", '""', ""),
    ("text", '"\\u2028\\u001b[31m"', "\u2028\x1b[31m"),
    ("smallint", "-32768", "-32768"),
    ("integer", "2147483647", "2147483647"),
    ("bigint", "9223372036854775807", "9223372036854775807"),
    ("bigint", "-0", "0"),
    ("numeric", "0.1234567890123456789012345678", "0.1234567890123456789012345678"),
    ("numeric", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("numeric", '"12345678901234567890.01"', "12345678901234567890.01"),
    ("numeric", "1e-20", "0.00000000000000000001"),
    ("numeric", "-0.0", "0.0"),
    ("numeric", "0.1234567890123456789", "0.1234567890123456789"),
    ("numeric", "12345678901234567.89", "12345678901234567.89"),
    ("numeric", "2.50", "2.50"),
    ("numeric", "1.25", "1.25"),
    ("double precision", "1e308", "1e+308"),
    ("boolean", "true", "true"),
    ("uuid", f'"{UUID}"', UUID),
    ("jsonb", '{"a":[1,2.50,"x",null]}', '{"a": [1, 2.50, "x", null]}'),
    ("json", "[]", "[]"),
    ("json", "-12345678901234567.890", "-12345678901234567.890"),
    (
        "jsonb",
        '[0.1234567890123456789,{"\\\\u0000":0.10}]',
        '[0.1234567890123456789, {"\\\\u0000": 0.10}]',
    ),
    ("jsonb", '["\\"\\\\u00007\\"",1E-20]', '["\\"\\\\u00007\\"", 0.00000000000000000001]'),
    ("jsonb[]", "[[1.10],2]", "{[1.10],2}"),
    ("jsonb", "1e300", "1" + "0" * 300),
    ("jsonb", "1" + "0" * 300, "1" + "0" * 300),  # and what it wrote comes back
    ("jsonb", "2.2250738585072014e-308", "0." + "0" * 307 + "22250738585072014"),
    ("jsonb", "0." + "0" * 307 + "22250738585072014", "0." + "0" * 307 + "22250738585072014"),
    ("date", '"2024-02-29"', "2024-02-29"),
    ("timestamp with time zone", '"2024-02-29T12:00:00.5+02:00"', "2024-02-29 10:00:00.5+00"),
    ("timestamp with time zone", '"2024-02-29T12:00:00Z"', "2024-02-29 12:00:00+00"),
    ("timestamp with time zone", '"2024-02-29T12:00:00"', "2024-02-29 12:00:00+00"),
    ("timestamp with time zone", '"2024-02-29T12:00:00-19:30"', "2024-03-01 07:30:00+00"),
    ("timestamp with time zone", '"infinity"', "infinity"),
    ("inet", '"2001:db8::1"', "2001:db8::1/128"),
    ("inet", '"10.0.0.0/8"', "10.0.0.0/8"),
    ("bytea", '"AP8="', "\\x00ff"),
    (
        "text[]",
        '["a,b","c\\"d","e\\\\f","","NULL","{}"]',
        '{"a,b","c\\"d","e\\\\f","","NULL","{}"}',
    ),
    ("integer[]", "[1,2,3]", "{1,2,3}"),
    ("uuid[]", f'["{UUID}"]', f"{{{UUID}}}"),
    ("text[]", "[]", "{}"),
    ("ext.vector", "[1,2.5,-3e-3]", "[1,2.5,-0.003]"),
    ("ext.vector[]", "[[1,2.5],[0,-3e38]]", '{"[1,2.5]","[0,-3e+38]"}'),
    ("ext.vector[]", "[]", "{}"),
]


@pytest.mark.parametrize(("type_name", "sent", "stored"), FITS)
def test_what_fits_arrives(
    shared_database: Database, type_name: str, sent: str, stored: str
) -> None:
    with shared_database.connect() as connection:
        connection.execute("set timezone to 'UTC'")
        kind = TypeInfo.fetch(connection, type_name.removesuffix("[]"))
        assert kind is not None
        value = convert(type_name, read(sent), "v", kind.oid)
        query = f"select $1::{type_name}::text".encode()
        formats = [int(is_binary(type_name))]
        result = connection.pgconn.exec_params(query, [value], param_formats=formats)
        assert result.get_value(0, 0) == stored.encode(), result.error_message


REFUSED = [
    ("text", ["1", "true", "[]", "{}"]),
    ("smallint", ["32768", "-32769", "1.0", '"1"', "true"]),
    ("integer", ["2147483648", "1e3", "1.5", '"1"', "[]"]),
    ("bigint", [str(BIG), str(-BIG - 1), "9" * 40, "1e18"]),
    ("numeric", ['"1e5"', '"NaN"', '"x"', "true", "[]", '"' + "1" * 30 + '"']),
    ("boolean", ["1", "0", '"true"', '"t"']),
    ("uuid", ['"1"', f'"{{{UUID}}}"', f'"{UUID} "', f'"{UUID}\\n"', "1"]),
    (
        "date",
        ['"2023-02-29"', '"infinity"', '"today"', '"2024-13-01"', "20240101", '"99999-01-01"'],
    ),
    (
        "timestamp with time zone",
        ['"now"', '"2024-02-30T00:00:00Z"', '"2024-01-01T25:00:00Z"', "1700000000"],
    ),
    # In UTC these are of the years 0 and 10000, which no answer can tell in four digits.
    ("timestamp with time zone", ['"0001-01-01T00:00:00+10:00"', '"9999-12-31T23:00:00-01:00"']),
    ("inet", ['"localhost"', '"1.2.3.4.5"', '"1.2.3.4/33"', "1"]),
    ("bytea", ['"%"', '"A"', "1"]),
    ("integer[]", ["1", '["1"]', "[1.5]", "[null]", "[[1]]", '{"a":1}']),
    ("text[]", ['"a"', "[1]", "[null]"]),
    ("vector", ["[]", '["1"]', "[true]", "[[1]]", '"[1]"', "[null]", "1", "[1,-4e38]"]),
    ("vector", [f"[{'1,' * 16_000}1]", f"[{'9' * 300}]"]),
    ("vector[]", ["[[]]", "[1]", "[null]", "1"]),
]


@pytest.mark.parametrize(
    ("type_name", "sent"), [(name, sent) for name, values in REFUSED for sent in values]
)
def test_what_does_not_fit_is_refused(type_name: str, sent: str) -> None:
    with pytest.raises(Problem) as caught:
        convert(type_name, read(sent), "v")
    assert (caught.value.status, caught.value.code) == (422, "VL001")
    assert caught.value.errors[0]["field"].startswith("v")


def test_a_path_or_a_query_sends_text_only() -> None:
    def loose(type_name: str, text: str) -> bytes | None:
        return convert(type_name, Loose(text), "v")

    assert loose("integer", "-12") == b"-12"
    assert loose("boolean", "true") == b"true"
    assert loose("text", "12") == b"12"
    assert loose("integer[]", "1,2") == b'{"1","2"}'
    assert loose("jsonb", '{"a":1}') == b'{"a": 1}'
    assert loose("vector", "[1,2]") == struct.pack(">HHff", 2, 0, 1, 2)
    for type_name, text in [
        ("integer", "1.0"),
        ("integer", "\u0661"),
        ("integer", " 1"),
        ("integer", "1_0"),
        ("integer", ""),
        ("boolean", "yes"),
        ("uuid", "x"),
        ("jsonb", "{"),
        ("jsonb", "NaN"),
        ("jsonb", '{"a":1,"a":2}'),
        ("jsonb", "[" * 9999),
        ("vector", "[NaN]"),
        ("vector", "["),
        ("vector", "[" * 9999),
    ]:
        with pytest.raises(Problem) as caught:
            loose(type_name, text)
        assert 400 <= caught.value.status < 500, (type_name, text)


def test_where_no_number_has_to_be_exact_they_are_read_fast() -> None:
    def fast(type_name: str, text: str) -> bytes | None:
        return convert(type_name, parse_object(b'{"v":%b}' % text.encode(), exact=False)["v"], "v")

    assert fast("jsonb", '{"a":[1.50,7]}') == b'{"a": [1.5, 7]}'
    assert fast("double precision", "1.5e300") == b"1.5e+300"
    assert fast("vector", "[1,2.5]") == struct.pack(">HHff", 2, 0, 1, 2.5)
    for type_name, text in [
        ("jsonb", '{"a":1e400}'),
        ("double precision", "-1e400"),
        ("integer", "1.0"),
        ("vector", "[1e400]"),
        ("vector", "[1e400,-1e400]"),
        ("vector", "[4e38]"),
    ]:
        with pytest.raises(Problem) as caught:
            fast(type_name, text)
        assert (caught.value.status, caught.value.code) == (422, "VL001"), (type_name, text)


def test_null_is_no_value() -> None:
    assert convert("integer", None, "v") is None


def test_bodies_up_to_the_limits_are_read() -> None:
    assert parse_object(b'{"v":' + b"[" * 63 + b"]" * 63 + b"}")
    assert read("9" * 40) == int("9" * 40)
    assert parse_object(b' {"a" : {"a": [{"a": 1}, {"a": 2}]}} ') == {
        "a": {"a": [{"a": 1}, {"a": 2}]}
    }
    assert read('"\\ud83d\\ude00\\u00e4"') == "😀ä"
    assert len(read(json.dumps(["x"] * 100_000))) == 100_000


def test_query_strings() -> None:
    assert parse_query("") == {}
    assert parse_query("a=1&b=x%20y+z&c=&d&&e=%F0%9F%98%80") == {
        "a": "1", "b": "x y z", "c": "", "d": "", "e": "😀",
    }  # fmt: skip
    for query in (
        "a=1&a=2", "a=1&%61=2", "a=%ff", "a=%00", "%00=1", "a=\u00e9", "a=%41\u00e9", "a=%41\udcff",
    ):  # fmt: skip
        with pytest.raises(Problem) as caught:
            parse_query(query)
        assert caught.value.status == 400, query


def test_media_types() -> None:
    for kind in (
        "application/json",
        "Application/JSON",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
    ):
        assert is_kind(kind, "application/json"), kind
    for kind in (
        "",
        "text/json",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; x=y",
        "application/problem+json",
        "application/json, text/plain",
    ):
        assert not is_kind(kind, "application/json"), kind
