"""HTTP by hand: exactly these bytes, exactly those that come back."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]  # names in lower case
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, f"{name} is there twice: {found}"
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)


class Raw:
    """One connection. Reads block for at most `patience` seconds."""

    def __init__(self, port: int, patience: float = 10.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), patience)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Self:
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)  # refused before it was all sent: the answer is there to read
        return self

    def _line(self) -> bytes:
        while b"\r\n" not in self._held:
            self._more()
        line, _, self._held = self._held.partition(b"\r\n")
        return line

    def _more(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f"closed after {self._held!r}")
        self._held += data

    def read(self, *, head: bool = False) -> Answer:
        """The next answer; interim ones (1xx) have no headers and are skipped."""
        version, status, _ = self._line().decode().split(" ", 2)
        assert version == "HTTP/1.1"
        headers = []
        while line := self._line().decode("latin-1"):
            name, _, value = line.partition(": ")
            headers.append((name.lower(), value))
        if 100 <= int(status) < 200:
            return self.read(head=head)
        size = int(dict(headers).get("content-length", "0"))
        if head or int(status) in (204, 304):
            size = 0
        while len(self._held) < size:
            self._more()
        body, self._held = self._held[:size], self._held[size:]
        return Answer(int(status), headers, body)

    def ended(self) -> bool:
        """Whether the server has closed its side, with nothing said beyond what was read."""
        try:
            return not self._held and not self.socket.recv(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def ask(port: int, data: bytes, *, head: bool = False) -> Answer:
    with Raw(port) as raw:
        return raw.send(data).read(head=head)


def request(method: str, target: str, *lines: str, body: bytes | None = None) -> bytes:
    """A well-formed request, for tests that break one thing at a time."""
    given = [f"{method} {target} HTTP/1.1", "Host: t", *lines]
    if body is not None:
        given.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*given, "", ""]).encode("latin-1") + (body or b"")


def post(target: str, body: bytes, *lines: str) -> bytes:
    return request("POST", target, "Content-Type: application/json", *lines, body=body)
