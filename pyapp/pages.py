"""What people look at in a browser: the documentation, the table of errors, the console."""

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

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
_PAGES = {"/docs": "docs.html", "/console": "console.html"}
_STATIC = ("console.js", "docs.css", "docs.js", "icon.svg", "plinth.css")
_SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")


def _reply(body: bytes, kind: str, age: int = 0) -> Reply:
    cache = f"public, max-age={age}" if age else "no-cache"
    headers = (
        f"Content-Security-Policy: {_POLICY}\r\n"
        f"Referrer-Policy: no-referrer\r\nCache-Control: {cache}\r\n"
    )
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Reply(200, body, kind, headers.encode(), etag.encode())


def load() -> dict[str, Reply]:
    """Every page and file by its path, read once; all come from this machine."""
    own, swagger = files("pyapp") / "static", files("swagger_ui_bundle") / "vendor"
    (swagger,) = [child for child in swagger.iterdir() if child.name.startswith("swagger-ui-")]
    found = {}
    for path, name in _PAGES.items():
        found[path] = _reply((own / name).read_bytes(), _KINDS["html"])
    for folder, base, names in (("/static", own, _STATIC), ("/docs/assets", swagger, _SWAGGER)):
        for name in names:
            kind = _KINDS[name.rpartition(".")[2]]
            age = 86400 if base is swagger else 0
            found[f"{folder}/{name}"] = _reply((base / name).read_bytes(), kind, age=age)
    return found


def errors(rows: Sequence[Mapping[str, Any]]) -> Reply:
    """The table of errors; each row can be linked to, as the type of a problem does."""
    lines = [
        f'<tr id="{escape(row["code"])}"><td><code>{escape(row["code"])}</code></td>'
        f'<td class="number">{row["http_status"]}</td><td>{escape(row["title"])}</td>'
        f"<td>{escape(row['description'])}</td>"
        f'<td class="number">{"" if row["retry_after"] is None else row["retry_after"]}</td></tr>'
        for row in rows
    ]
    body = f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Plinth errors</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/plinth.css">
</head>
<body>
  <header><h1>Errors</h1><nav><a href="/docs">API</a><a href="/console">Console</a></nav></header>
  <main>
    <p>Every refusal is <code>application/problem+json</code> with one of these codes in
      <code>code</code>. The codes are stable; titles and descriptions may be reworded.
      Codes of two or three characters stand for a whole class of PostgreSQL's own.</p>
    <div class="scroll"><table>
      <thead><tr><th>Code</th><th class="number">Status</th><th>Title</th><th>When, and what to do
        </th><th class="number">Retry after s</th></tr></thead>
      <tbody>
{chr(10).join(lines)}
      </tbody>
    </table></div>
  </main>
</body>
</html>
"""
    return _reply(body.encode(), _KINDS["html"])
