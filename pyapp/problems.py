"""Refusals: one exception for all of them, rendered as RFC 9457 problem+json."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

CONTENT_TYPE = "application/problem+json"

# The codes this layer raises by itself; the same rows stand in the database's table of errors.
LAYER_CODES: dict[str, tuple[int, str]] = {
    "BR001": (400, "Malformed request"),
    "BR002": (413, "Body too large"),
    "BR003": (415, "Unsupported media type"),
    "BR004": (431, "Header too large"),
    "BR005": (400, "Idempotency-Key needed"),
    "BR408": (408, "Request timed out"),
    "NF404": (404, "No such route"),
    "NF405": (405, "Method not allowed"),
    "UN001": (401, "Sign-in needed"),
    "RL001": (429, "Too many requests"),
    "SV500": (500, "Internal error"),
    "SV503": (503, "Unavailable"),
    "VL001": (422, "Invalid field"),
    "VL002": (422, "Unknown field"),
    "VL003": (422, "Missing field"),
}


@dataclass(eq=False)
class Problem(Exception):
    """Everything a client is told about a refused or failed request; nothing else reaches it."""

    status: int
    code: str
    title: str
    detail: str = ""
    errors: Sequence[dict[str, str]] = ()
    retry_after: int | None = None
    headers: Sequence[tuple[str, str]] = ()

    def __str__(self) -> str:
        return f"{self.code} {self.title}: {self.detail}"


def render(problem: Problem, request_id: str) -> bytes:
    document = {
        "type": f"/docs/errors#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail or problem.title,
        "code": problem.code,
        "request_id": request_id,
        "errors": problem.errors,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def layer(code: str, detail: str, **more: Any) -> Problem:
    status, title = LAYER_CODES[code]
    return Problem(status, code, title, detail, **more)


def malformed(detail: str) -> Problem:
    return layer("BR001", detail)


def too_large(limit: int) -> Problem:
    return layer("BR002", f"The body may have {limit} bytes.")


def field_error(field: str, detail: str, code: str = "VL001") -> Problem:
    """One field against one rule; VL002 for a field nobody knows, VL003 for one that is missing."""
    field = field[:100].encode("utf-8", "replace").decode().replace("\0", "\\0")
    errors = [{"field": field, "code": code, "detail": detail}]
    return layer(code, f"{field}: {detail}", errors=errors)


def placed(problem: Problem, place: str) -> Problem:
    """The problem of something that stands at this place."""
    errors = problem.errors or [{"field": "", "code": problem.code, "detail": problem.detail}]
    problem.errors = [e | {"field": f"{place}.{e['field']}".rstrip(".")} for e in errors]
    return problem


def wrong_method(allow: Iterable[str]) -> Problem:
    allowed = ", ".join(allow)
    return layer("NF405", f"This path answers {allowed}.", headers=(("Allow", allowed),))


def unavailable(detail: str = "Please try again shortly.") -> Problem:
    return layer("SV503", detail, retry_after=1)


def internal() -> Problem:
    """What an unexpected exception becomes: the log has the story, the client the request id."""
    return layer("SV500", "The request failed. Its request_id leads to the reason in the log.")
