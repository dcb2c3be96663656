"""`plinth secret`: which main keys a database needs, a new one, and the way to another machine.

A file that leaves the machine is encrypted with what Python brings: scrypt makes the key of a
passphrase, HMAC-SHA-256 over a counter the stream, and HMAC-SHA-256 over all of it the proof.
"""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from pyapp import engine
from pyapp.engine import Servers
from pyapp.progress import Progress
from pyapp.settings import Settings, SettingsError
from pyapp.unpack import write

_ROWS = 1000  # written anew in one transaction
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1, "maxmem": 1 << 28, "dklen": 64}

_STEPS = """The key is in PLINTH_SECRET_KEY, so it is changed where that is set. With this new one:

  {new}

1. Every process can read it before one writes with it. Restart them one by one with
     PLINTH_SECRET_KEY_PREVIOUS={new}
2. Then one by one with the new one in force and the old one beside it
     PLINTH_SECRET_KEY={new}
     PLINTH_SECRET_KEY_PREVIOUS=<the old PLINTH_SECRET_KEY>
3. The worker writes every secret anew, passwords follow as their owners sign in. Once
     plinth secret status
   counts nothing under the old one, it may go.
"""


def status(settings: Settings) -> int:
    """What still needs which key; 1 when something needs one that is not at hand."""
    with engine.servers(settings, make=False) as there:
        lines, lost = used(there, settings)
    print("\n".join(lines))
    return 1 if lost else 0


def used(there: Servers, settings: Settings) -> tuple[list[str], list[str]]:
    """A line for each key, and those that something needs although they are not at hand."""
    lines, lost = [], []
    with engine.acting(there, settings) as connection:
        found = connection.execute("select * from api.list_secret_keys()").fetchall()
    for key, in_force, at_hand, _, secrets_, passwords, seals in found:
        state = "in force" if in_force else "at hand" if at_hand else "NOT AT HAND"
        lines.append(f"{key}  {state}: {secrets_} secrets, {passwords} passwords, {seals} seals")
        if not at_hand and secrets_ + passwords + seals:
            lost.append(lines[-1])
    return lines, lost


def rotate(settings: Settings) -> None:
    """A new key for the embedded servers, and every secret written anew; or how to do it."""
    new = secrets.token_hex(32)
    if settings.secret_key:
        print(_STEPS.format(new=new))
        return
    if not (settings.data / "secrets.json").exists():
        raise SettingsError(f"nothing is in {settings.data} yet: plinth up makes it")
    with Progress() as say, engine.owning(settings, say) as (pair, there):
        with engine.acting(there, settings) as connection:
            connection.execute("select core.adopt_secret_key()")  # refuses where it does not fit
        say("Making a new key")
        pair.replace_key(new)
        say("Writing secrets anew")
        done = 0
        with engine.acting(pair.servers(), settings) as connection:
            again = "select core.reencrypt_secrets(%s)"
            while rows := sum(count for (count,) in connection.execute(again, [_ROWS])):
                say.detail(f"{done} rows")
                done += rows
        say.done()
        print(f"{done} secrets were written anew; passwords follow as their owners sign in")


def export(settings: Settings, file: Path, word: str) -> None:
    """The secrets of this installation in a file that only the passphrase opens."""
    if len(word) < 12:
        raise SettingsError("the passphrase must have at least 12 characters")
    if file.exists():
        raise SettingsError(f"{file} is there already")
    there = engine.known(settings)
    held = {"secret_key": there.secret_key, "previous_keys": list(there.previous_keys)}
    kept = settings.data / "secrets.json"
    if there.bin_dir and kept.exists():
        held = json.loads(kept.read_text()) | held
    salt = os.urandom(16)
    body = _streamed(word, salt, json.dumps(held).encode())
    sealed = {"format": "plinth secrets 1", "salt": salt.hex(), "body": body.hex()}
    write(file, json.dumps(sealed | {"proof": _proof(word, salt, body).hex()}) + "\n")
    print(f"wrote {file}; without the passphrase nobody can open it, nor can you")


def import_(settings: Settings, file: Path, word: str) -> None:
    """Such a file becomes DATA/secrets.json, or with PLINTH_SECRET_KEY in use is only shown how."""
    kept = settings.data / "secrets.json"
    if kept.exists():
        raise SettingsError(f"{kept} is there already; move it away first")
    try:
        sealed = json.loads(file.read_text())
        salt, body, proof = (bytes.fromhex(sealed[name]) for name in ("salt", "body", "proof"))
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"{file} was not written by plinth secret export") from None
    if not hmac.compare_digest(proof, _proof(word, salt, body)):
        raise SettingsError(f"the passphrase is not that of {file}, or the file was altered")
    made = {name: secrets.token_hex(32) for name in ("admin", "web")}  # own servers have none
    held = made | json.loads(_streamed(word, salt, body))
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700 if os.geteuid() else 0o711)
    write(kept, json.dumps(held, indent=1))
    print(f"wrote {kept}")


def _keys(word: str, salt: bytes) -> tuple[bytes, bytes]:
    made = hashlib.scrypt(word.encode(), salt=salt, **_SCRYPT)
    return made[:32], made[32:]


def _streamed(word: str, salt: bytes, data: bytes) -> bytes:
    """Encrypts and decrypts; the salt is new for each file, and so is the stream."""
    key, _ = _keys(word, salt)
    count = range(0, len(data), 32)
    stream = b"".join(hmac.digest(key, n.to_bytes(8, "big"), "sha256") for n in count)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _proof(word: str, salt: bytes, body: bytes) -> bytes:
    return hmac.digest(_keys(word, salt)[1], salt + body, "sha256")
