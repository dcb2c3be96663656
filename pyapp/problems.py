"""Refusals: one exception for all of them, rendered as RFC 9457 problem+json."""

import json
from collections.abc import Sequence

Headers = Sequence[tuple[str, str]]
CONTENT_TYPE = "application/problem+json"

# The codes this layer raises by itself; the same rows stand in the database's table of errors.
LAYER_CODES: dict[str, tuple[int, str]] = {
    "BR001": (400, "Malformed request"),
    "BR002": (413, "Body too large"),
    "BR003": (415, "Unsupported media type"),
    "BR004": (431, "Header too large"),
    "BR408": (408, "Request timed out"),
    "NF404": (404, "No such route"),
    "NF405": (405, "Method not allowed"),
    "UN001": (401, "Sign-in needed"),
    "SV500": (500, "Internal error"),
    "SV503": (503, "Unavailable"),
    "SV504": (504, "Timed out"),
    "VL001": (422, "Invalid field"),
    "VL002": (422, "Unknown field"),
    "VL003": (422, "Missing field"),
}


class Problem(Exception):
    """Everything a client is told about a refused or failed request; nothing else reaches it."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        errors: Sequence[dict[str, str]] = (),
        retry_after: int | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(f"{code} {title}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.retry_after = retry_after
        self.headers = headers


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


def layer(
    code: str, detail: str = "", *, retry_after: int | None = None, headers: Headers = ()
) -> Problem:
    status, title = LAYER_CODES[code]
    return Problem(status, code, title, detail, retry_after=retry_after, headers=headers)


def malformed(detail: str) -> Problem:
    return layer("BR001", detail)


def too_large(limit: int) -> Problem:
    return layer("BR002", f"The body may have {limit} bytes.")


def field_error(field: str, detail: str, code: str = "VL001") -> Problem:
    """One field against one rule; VL002 for a field nobody knows, VL003 for one that is missing."""
    status, title = LAYER_CODES[code]
    errors = [{"field": field, "code": code, "detail": detail}]
    return Problem(status, code, title, f"{field}: {detail}", errors=errors)


def unauthorized(detail: str = "Send a valid token: Authorization: Bearer <token>.") -> Problem:
    return layer("UN001", detail, headers=(("WWW-Authenticate", "Bearer"),))


def no_route() -> Problem:
    return layer("NF404", "No route has this path.")


def wrong_method(allow: Sequence[str]) -> Problem:
    allowed = ", ".join(allow)
    return layer("NF405", f"This path answers {allowed}.", headers=(("Allow", allowed),))


def unavailable(detail: str = "", retry_after: int = 1) -> Problem:
    return layer("SV503", detail or "Please try again shortly.", retry_after=retry_after)


def internal() -> Problem:
    """What an unexpected exception becomes: the log has the story, the client the request id."""
    return layer("SV500", "The request failed. Its request_id leads to the reason in the log.")
