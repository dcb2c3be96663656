"""What people look at in a browser: the documentation, the table of errors, the console."""

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import Any

import segno

from pyapp.wire import Reply

_KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Own files only, nothing inline; Swagger UI draws its icons as data: images.
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OWN = files("pyapp") / "static"
_SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")


def _page(body: bytes, kind: str, cache_control: str = "no-cache") -> Reply:
    headers = (
        f"Content-Security-Policy: {_POLICY}\r\n"
        f"Referrer-Policy: no-referrer\r\nCache-Control: {cache_control}\r\n"
    )
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Reply(200, body, _KINDS[kind], headers.encode(), etag.encode())


def load() -> dict[str, Reply]:
    """Every page and file by its path, read once; all come from this machine."""
    found = {}
    for file in _OWN.iterdir():
        name, _, kind = file.name.rpartition(".")
        path = f"/{name}" if kind == "html" else f"/static/{file.name}"
        found[path] = _page(file.read_bytes(), kind)
    del found["/errors"]  # a frame without its rows
    vendor = (files("swagger_ui_bundle") / "vendor").iterdir()
    swagger = next(folder for folder in vendor if folder.name.startswith("swagger-ui-"))
    for name in _SWAGGER:
        body, kind = (swagger / name).read_bytes(), name.rpartition(".")[2]
        found[f"/docs/assets/{name}"] = _page(body, kind, "public, max-age=86400")
    return found


def qr(text: bytes) -> bytes:
    """A QR code as SVG, dark on light whatever is behind it."""
    picture = BytesIO()
    segno.make_qr(text.decode()).save(picture, kind="svg", scale=4, light="#fff", xmldecl=False)
    return picture.getvalue()


def errors(rows: Sequence[Mapping[str, Any]]) -> Reply:
    """The table of errors; each row can be linked to, as the type of a problem does."""
    lines = []
    for row in rows:
        code, title, told = (escape(row[name]) for name in ("code", "title", "description"))
        status, retry = row["http_status"], row["retry_after"]
        lines.append(
            f'<tr id="{code}"><td><code>{code}</code></td><td class="number">{status}</td>'
            f'<td>{title}</td><td>{told}</td><td class="number">{retry or ""}</td></tr>\n'
        )
    page = (_OWN / "errors.html").read_text(encoding="utf-8")
    return _page(page.replace("<!-- rows -->", "".join(lines)).encode(), "html")
