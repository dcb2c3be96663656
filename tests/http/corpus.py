"""Requests that must be refused, each with the statuses that are right for it."""

# ruff: noqa: E501  one request per line: a table is read by its columns

import hashlib

from tests.http.raw import post, request

SIGN_IN = "/v1/sessions"
Refused = tuple[str, bytes, set[int]]


def sign_in(body: bytes) -> bytes:
    return post(SIGN_IN, body)


def chunked(*chunks: bytes, lines: str = "") -> bytes:
    head = f"POST {SIGN_IN} HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n{lines}"
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


def framed(*lines: str, body: bytes = b"{}") -> bytes:
    return request("POST", SIGN_IN, "Content-Type: application/json", *lines) + body


def token(prefix: str = "pls", *, checksum: bool = True) -> str:
    text = f"{prefix}_0a1b{'A' * 43}"
    sum_ = hashlib.sha256(text.encode()).hexdigest()[:6]
    return text + (sum_ if checksum else "000000" if sum_ != "000000" else "111111")


def me(*lines: str) -> bytes:
    return request("GET", "/v1/me", *lines)


FRAMING: list[Refused] = [
    ("not HTTP", b"\x00\x01\x02\x03\r\n\r\n", {400}),
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64, {400}),
    ("no target", b"GET\r\n\r\n", {400}),
    ("no version", b"GET /livez\r\n\r\n", {400}),
    ("HTTP/0.9", b"GET /livez HTTP/0.9\r\nHost: t\r\n\r\n", {400}),
    ("HTTP/3.0", b"GET /livez HTTP/3.0\r\nHost: t\r\n\r\n", {400}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    ("version in lower case", b"GET /livez http/1.1\r\nHost: t\r\n\r\n", {400}),
    ("method in lower case", b"get /livez HTTP/1.1\r\nHost: t\r\n\r\n", {400}),
    ("unknown method", request("BREW", "/livez"), {400}),
    ("space in the target", b"GET /livez ?a HTTP/1.1\r\nHost: t\r\n\r\n", {400}),
    ("no Host", b"GET /livez HTTP/1.1\r\n\r\n", {400}),
    ("two Hosts", request("GET", "/livez", "Host: u"), {400}),
    ("header without colon", request("GET", "/livez", "Nonsense"), {400}),
    ("space before the colon", request("GET", "/livez", "X-A : 1"), {400}),
    ("space in a header name", request("GET", "/livez", "X A: 1"), {400}),
    ("empty header name", request("GET", "/livez", ": 1"), {400}),
    ("folded header", request("GET", "/livez", "X-A: 1\r\n 2"), {400}),
    ("NUL in a header", request("GET", "/livez", "X-A: \x00"), {400}),
    ("lone CR in a header", request("GET", "/livez", "X-A: a\rb"), {400}),
    ("ESC in a header", request("GET", "/livez", "X-A: \x1b[31m"), {400}),
    ("unit separator in the agent", me("User-Agent: a\x1f127.0.0.1"), {400}),
    ("long target", request("GET", "/" + "a" * 9000), {431}),
    ("long header", request("GET", "/livez", "X-A: " + "a" * 9000), {431}),
    ("long header name", request("GET", "/livez", "X" * 9000 + ": a"), {431}),
    ("many headers", request("GET", "/livez", *[f"X-{i}: a" for i in range(200)]), {431}),
    ("long head", request("GET", "/livez", *[f"X-{i}: {'a' * 8000}" for i in range(9)]), {431}),
    ("many long headers", request("GET", "/livez", *[f"X-{i}: {'a' * 8000}" for i in range(90)])[:-2], {431}),
    ("length is text", framed("Content-Length: two"), {400}),
    ("length with a sign", framed("Content-Length: +2"), {400}),
    ("negative length", framed("Content-Length: -2"), {400}),
    ("length in hex", framed("Content-Length: 0x2"), {400}),
    ("length with a comma", framed("Content-Length: 2, 2"), {400}),
    ("empty length", framed("Content-Length: "), {400}),
    ("length beyond 64 bits", framed("Content-Length: " + "9" * 30), {400}),
    ("two lengths", framed("Content-Length: 2", "Content-Length: 3"), {400}),
    ("the same length twice", framed("Content-Length: 2", "Content-Length: 2"), {400}),
    ("length and chunked", framed("Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {400}),
    ("chunked and length", framed("Transfer-Encoding: chunked", "Content-Length: 2", body=b"0\r\n\r\n"), {400}),
    ("two transfer encodings", framed("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), {400}),
    ("chunked is not last", framed("Transfer-Encoding: chunked, identity"), {400}),
    ("unknown transfer encoding", framed("Transfer-Encoding: xchunked"), {400}),
    ("gzip as transfer encoding", framed("Transfer-Encoding: gzip"), {400}),
    ("disguised chunked", framed("Transfer-Encoding: \x0bchunked"), {400}),
    ("chunk size is text", chunked(b"zz\r\n{}\r\n0\r\n\r\n"), {400}),
    ("negative chunk size", chunked(b"-2\r\n{}\r\n0\r\n\r\n"), {400}),
    ("chunk size beyond 64 bits", chunked(b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n"), {400}),
    ("chunk longer than its size", chunked(b"1\r\n{}\r\n0\r\n\r\n"), {400}),
    ("chunk ends with LF", chunked(b"2\n{}\n0\n\n"), {400}),
]  # fmt: skip

ROUTES: list[Refused] = [
    ("no such path", request("GET", "/nothing"), {404}),
    ("no such route", request("GET", "/v1/nothing"), {404}),
    ("no such function", post("/rpc/nothing", b"{}"), {404}),
    ("a private helper as function", post("/rpc/hash_password", b"{}"), {404}),
    ("the layer's own function", post("/rpc/enter", b"{}"), {404}),
    ("function with schema", post("/rpc/api.get_current_user", b"{}"), {404}),
    ("GET of a function", request("GET", "/rpc/get_current_user"), {405}),
    ("DELETE of users", request("DELETE", "/v1/users"), {405}),
    ("PUT of me", request("PUT", "/v1/me", body=b"{}"), {405}),
    ("POST to livez", post("/livez", b"{}"), {405}),
    ("POST to the console", post("/console", b"{}"), {405}),
    ("TRACE", request("TRACE", "/v1/me"), {405}),
    ("TRACE of livez", request("TRACE", "/livez"), {405}),
    ("CONNECT", b"CONNECT t:80 HTTP/1.1\r\nHost: t:80\r\n\r\n", {404}),
    ("PROPFIND", request("PROPFIND", "/"), {405}),
    ("dots in the path", request("GET", "/static/../../pyproject.toml"), {404}),
    ("encoded dots", request("GET", "/static/%2e%2e/%2e%2e/pyproject.toml"), {404}),
    ("two slashes", request("GET", "//v1/me"), {404}),
    ("slash at the end", request("GET", "/v1/me/"), {404}),
    ("another case", request("GET", "/V1/me"), {404}),
    ("NUL in the path", request("GET", "/v1/me%00"), {400, 404}),
    ("bad UTF-8 in the path", request("GET", "/v1/%ff"), {400, 404}),
    ("raw bytes in the path", b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: t\r\n\r\n", {400, 404}),
    ("injection in the path", request("GET", "/v1/me';drop%20table%20users--"), {404}),
]

BEARER = f"Authorization: Bearer {token()}"
ACCESS: list[Refused] = [
    ("no token", me(), {401}),
    ("Basic", me("Authorization: Basic YWxpY2U6cHc="), {401}),
    ("empty token", me("Authorization: Bearer "), {401}),
    ("no scheme", me(f"Authorization: {token()}"), {401}),
    ("junk token", me("Authorization: Bearer junk"), {401}),
    ("long token", me("Authorization: Bearer " + "a" * 8000), {401}),
    ("token with a wrong checksum", me(f"Authorization: Bearer {token(checksum=False)}"), {401}),
    ("unknown token", me(BEARER), {401}),
    ("refresh token as token", me(f"Authorization: Bearer {token('plr')}"), {401}),
    ("two tokens in one header", me(f"Authorization: Bearer {token()}, Bearer {token()}"), {401}),
    ("two Authorization headers", me(BEARER, BEARER), {400}),
    ("token in the query", request("GET", f"/v1/me?access_token={token()}"), {401}),
    ("unknown query field", request("GET", "/v1/me?x=1", BEARER), {422}),
    ("query field twice", request("GET", "/v1/me?x=1&x=2", BEARER), {400}),
    ("bad UTF-8 in the query", request("GET", "/v1/me?x=%ff", BEARER), {400}),
    ("NUL in the query", request("GET", "/v1/me?x=%00", BEARER), {400}),
    ("raw bytes in the query", b"GET /v1/me?x=\xff HTTP/1.1\r\nHost: t\r\n" + BEARER.encode() + b"\r\n\r\n", {400}),
    ("many query fields", request("GET", "/v1/me?" + "&".join(f"a{i}=1" for i in range(99)), BEARER), {400}),
    ("GET with a body", request("GET", "/v1/me", BEARER, body=b"{}"), {400}),
]  # fmt: skip

DEEP = 20_000
PAIR = b'{"login":"a","password":"b"'
BODIES: list[Refused] = [
    ("bad UTF-8", sign_in(b'{"login":"\xff\xfe","password":"b"}'), {400}),
    ("overlong UTF-8", sign_in(b'{"login":"\xc0\x80","password":"b"}'), {400}),
    ("surrogate in UTF-8", sign_in(b'{"login":"\xed\xa0\x80","password":"b"}'), {400}),
    ("UTF-16", sign_in('{"login":"a"}'.encode("utf-16")), {400}),
    ("byte order mark", sign_in(b"\xef\xbb\xbf{}"), {400}),
    ("null", sign_in(b"null"), {400}),
    ("an array", sign_in(b"[]"), {400}),
    ("a string", sign_in(b'"x"'), {400}),
    ("a number", sign_in(b"1"), {400}),
    ("white space", sign_in(b"  "), {400}),
    ("no body", sign_in(b""), {422}),
    ("empty object", sign_in(b"{}"), {422}),
    ("trailing comma", sign_in(PAIR + b",}"), {400}),
    ("trailing garbage", sign_in(PAIR + b"}x"), {400}),
    ("two objects", sign_in(b"{}{}"), {400}),
    ("single quotes", sign_in(b"{'login':'a'}"), {400}),
    ("a comment", sign_in(b"{/* */}"), {400}),
    ("cut short", sign_in(PAIR), {400}),
    ("NaN", sign_in(PAIR + b',"x":NaN}'), {400}),
    ("Infinity", sign_in(PAIR + b',"x":Infinity}'), {400}),
    ("minus Infinity", sign_in(PAIR + b',"x":-Infinity}'), {400}),
    ("1e999", sign_in(PAIR + b',"x":1e999}'), {400}),
    ("5,000 digits", sign_in(PAIR + b',"x":' + b"9" * 5000 + b"}"), {400}),
    ("5,000 decimals", sign_in(PAIR + b',"x":0.' + b"9" * 5000 + b"}"), {400}),
    ("5,000 digits of exponent", sign_in(PAIR + b',"x":1e' + b"9" * 5000 + b"}"), {400}),
    ("leading zero", sign_in(PAIR + b',"x":01}'), {400}),
    ("plus sign", sign_in(PAIR + b',"x":+1}'), {400}),
    ("hex number", sign_in(PAIR + b',"x":0x1}'), {400}),
    ("deep array", sign_in(b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}"), {400}),
    ("deep array, open", sign_in(b"[" * DEEP), {400}),
    ("deep object", sign_in(b'{"x":' * DEEP + b"1" + b"}" * DEEP), {400}),
    ("65 levels", sign_in(b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"), {400}),
    ("a raw NUL", sign_in(b'{"login":"\x00","password":"b"}'), {400}),
    ("a raw newline", sign_in(b'{"login":"\n","password":"b"}'), {400}),
    ("an escaped NUL", sign_in(b'{"login":"\\u0000","password":"b"}'), {400}),
    ("a NUL as name", sign_in(PAIR + b',"\\u0000":1}'), {400}),
    ("a NUL deep inside", sign_in(PAIR + b',"x":[{"y":"a\\u0000"}]}'), {400}),
    ("half a surrogate pair", sign_in(b'{"login":"\\ud800","password":"b"}'), {400}),
    ("the other half", sign_in(b'{"login":"\\udc00x","password":"b"}'), {400}),
    ("pair the wrong way round", sign_in(b'{"login":"\\udc00\\ud800","password":"b"}'), {400}),
    ("bad escape", sign_in(b'{"login":"\\x41","password":"b"}'), {400}),
    ("field twice", sign_in(PAIR + b',"login":"c"}'), {400}),
    ("field twice by escape", sign_in(PAIR + b',"l\\u006fgin":"c"}'), {400}),
    ("field twice deep inside", sign_in(PAIR + b',"x":{"y":1,"y":2}}'), {400}),
    ("unknown field", sign_in(PAIR + b',"x":1}'), {422}),
    ("field of the inside", sign_in(PAIR + b',"p_login":"c"}'), {422}),
    ("somebody else's id", post("/rpc/get_current_user", b'{"user_id":"x"}', BEARER), {422}),
    ("field missing", sign_in(b'{"login":"a"}'), {422}),
    ("field null", sign_in(b'{"login":null,"password":"b"}'), {422}),
    ("number for text", sign_in(b'{"login":1,"password":"b"}'), {422}),
    ("list for text", sign_in(b'{"login":["a"],"password":"b"}'), {422}),
    ("object for text", sign_in(b'{"login":{"a":1},"password":"b"}'), {422}),
    ("flag for text", sign_in(b'{"login":true,"password":"b"}'), {422}),
    ("not a UUID", post("/v1/users", b'{"id":"1","username":"u1","email":"u@t.io","password":"pw"}'), {422}),
    ("a role of one's choice", post("/v1/users", b'{"username":"u1","email":"u@t.io","password":"pw","roles":["admin"]}'), {422}),
    ("no content type", request("POST", SIGN_IN, body=b"{}"), {415}),
    ("text", request("POST", SIGN_IN, "Content-Type: text/plain", body=b"{}"), {415}),
    ("a form", request("POST", SIGN_IN, "Content-Type: application/x-www-form-urlencoded", body=b"a=b"), {415}),
    ("several parts", request("POST", SIGN_IN, "Content-Type: multipart/form-data; boundary=x", body=b"--x--"), {415}),
    ("another charset", request("POST", SIGN_IN, "Content-Type: application/json; charset=latin-1", body=b"{}"), {415}),
    ("JSON of another kind", request("POST", SIGN_IN, "Content-Type: application/json-seq", body=b"{}"), {415}),
    ("compressed", post(SIGN_IN, b"\x1f\x8b\x08", "Content-Encoding: gzip"), {415}),
    ("announced as too large", post(SIGN_IN, b"")[:-5] + b"9999999\r\n\r\n", {413}),
    ("too large in one piece", sign_in(b'{"x":"' + b"a" * (1 << 20) + b'"}'), {413}),
    ("too large in chunks", chunked(*[b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 20, b"0\r\n\r\n"), {413}),
]  # fmt: skip

ALL = [*FRAMING, *ROUTES, *ACCESS, *BODIES]
