"""A small HTTP client for tests: one kept connection, JSON in and out, nothing hidden."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Self

PASSWORDS = {"admin": "Admin@123"}
PASSWORD = "Dev@12345"


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        return str(self.json()["code"])


class Client:
    def __init__(self, port: int, token: str | None = None) -> None:
        self.port, self.token = port, token
        self._connection = HTTPConnection("127.0.0.1", port, timeout=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Response:
        sent = {"Accept": "application/json"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        for attempt in (1, 2):
            try:
                self._connection.request(method, path, data, sent | (headers or {}))
                answer = self._connection.getresponse()
                break
            except (BrokenPipeError, ConnectionResetError, HTTPException):
                # A kept connection may have been closed meanwhile; only a read is sent twice.
                self._connection.close()
                if attempt == 2 or method != "GET":
                    raise
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, fields, answer.read())

    def get(self, path: str, **headers: str) -> Response:
        return self.request("GET", path, headers=_names(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.request("POST", path, body, _names(headers))

    def patch(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.request("PATCH", path, body, _names(headers))

    def delete(self, path: str, **headers: str) -> Response:
        return self.request("DELETE", path, headers=_names(headers))

    def sign_in(self, login: str, password: str | None = None) -> Response:
        """Keeps the token for what follows; seeded accounts need no password."""
        word = password or PASSWORDS.get(login, PASSWORD)
        answer = self.post("/v1/sessions", {"login": login, "password": word})
        if answer.status == 201:
            self.token = answer.json()["token"]
        return answer

    def samples(self) -> dict[str, float]:
        """What /metrics says, by series."""
        lines = self.get("/metrics").body.decode().splitlines()
        return {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines
            if not line.startswith("#")
        }

    def lanes(self, name: str) -> set[float]:
        """The different values of a number of all lanes."""
        start = f"plinth_database_lane_{name}{{"
        return {value for series, value in self.samples().items() if series.startswith(start)}

    def close(self) -> None:
        self._connection.close()


def _names(headers: dict[str, str]) -> dict[str, str]:
    """cache_control="no-cache" is the header Cache-Control."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
