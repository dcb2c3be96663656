"""Everything Plinth reads from the environment, checked once and passed around frozen."""

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

_HERE = Path(__file__).resolve().parent
DB_DIR = _HERE / "_db" if (_HERE / "_db").is_dir() else _HERE.parent / "db"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ENVIRONMENTS = ("development", "test", "production")


class SettingsError(Exception):
    """One line that names the variable and the rule it broke."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Secrets and addresses with passwords stay out of repr(), so that no log shows them."""

    env: str = "development"
    seed: str = "development"
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    data: Path = Path(".plinth")
    memory: bool = False
    database_url: str | None = field(default=None, repr=False)
    admin_url: str | None = field(default=None, repr=False)
    direct_url: str | None = field(default=None, repr=False)
    replica_urls: tuple[str, ...] = field(default=(), repr=False)
    redis_url: str | None = field(default=None, repr=False)
    public_url: str = ""
    secret_key: str = field(default="", repr=False)
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    log_format: str = "json"
    read_connections: int = 2
    write_connections: int = 4
    slow_connections: int = 2
    hash_connections: int = 1
    acquire_timeout: float = 2.0
    statement_timeout: float = 5.0
    slow_timeout: float = 30.0
    lock_timeout: float = 1.0
    redis_timeout: float = 0.1
    body_limit: int = 1 << 20
    body_timeout: float = 10.0
    header_timeout: float = 10.0
    keepalive_timeout: float = 75.0
    stop_timeout: float = 10.0
    max_connections_per_address: int = 0

    @property
    def pepper(self) -> str:
        """What passwords are mixed with; the database gets it per connection, never stores it."""
        digest = hmac.new(self.secret_key.encode(), b"plinth password pepper 1", hashlib.sha256)
        return "p1:" + digest.hexdigest()

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def connections(self) -> int:
        """What the whole service may open at once; one more per worker listens for deploys."""
        lanes = self.read_connections + self.write_connections
        lanes += self.slow_connections + self.hash_connections
        return self.workers * (lanes + 1) + 2

    def with_(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def environ(self) -> dict[str, str]:
        """The same settings as variables for child processes; a server never sees admin_url."""
        held = {}
        for name, variables in _VARIABLES.items():
            value = getattr(self, name)
            if name == "admin_url" or value in (None, "", ()):
                continue
            many = isinstance(value, tuple)
            held[variables[0]] = ",".join(map(str, value)) if many else str(value)
        return held


# Field -> its variable, then the aliases other systems' deployments already set.
_NAMES: dict[str, tuple[str, ...]] = {
    "env": ("PLINTH_ENV", "ENVIRONMENT"),
    "seed": ("PLINTH_SEED", "DATABASE_SEED_ENV"),
    "database_url": ("DATABASE_URL",),
    "admin_url": ("DATABASE_ADMIN_URL",),
    "direct_url": ("DATABASE_DIRECT_URL",),
    "replica_urls": ("DATABASE_REPLICA_URLS",),
    "redis_url": ("REDIS_URL",),
    "secret_key": ("PLINTH_SECRET_KEY", "JWT_SECRET_KEY"),
}
_VARIABLES = {
    f.name: _NAMES.get(f.name, ("PLINTH_" + f.name.upper(),))
    for f in fields(Settings)
    if f.name != "memory"
}
_POSTGRES = ("postgresql", "postgres")
_REDIS = ("redis", "rediss", "unix")
# The smallest and largest value that makes sense; 0 means unlimited where it is allowed.
_RANGES: dict[str, tuple[float, float]] = {
    "port": (0, 65535),
    "workers": (1, 256),
    "read_connections": (1, 64),
    "write_connections": (1, 64),
    "slow_connections": (1, 64),
    "hash_connections": (1, 64),
    "body_limit": (1024, 1 << 30),
    "max_connections_per_address": (0, 1 << 20),
    "stop_timeout": (1, 10),
}


def load(env: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment; an override that is not None wins over its variable."""
    source = os.environ if env is None else env
    found: dict[str, tuple[str, str]] = {}
    for name, variables in _VARIABLES.items():
        for variable in variables:
            if text := source.get(variable, "").strip():
                found[name] = (variable, text)
                break
    if "database_url" not in found and source.get("DATABASE_HOST", "").strip():
        found["database_url"] = ("DATABASE_HOST", _address(source))
    values: dict[str, Any] = {"workers": _cores()}
    values |= {name: _convert(name, variable, text) for name, (variable, text) in found.items()}
    for name, given in overrides.items():
        if given is not None:  # text comes from a command line and is checked like a variable
            values[name] = _convert(name, f"--{name}", given) if isinstance(given, str) else given
    values.setdefault("seed", values.get("env", "development"))
    host = values.get("host", Settings.host)
    loopback = host == "localhost" or _is_loopback(host)
    values.setdefault("max_connections_per_address", 0 if loopback else 1000)
    shown = f"[{host}]" if ":" in host else host
    values.setdefault("public_url", f"http://{shown}:{values.get('port', Settings.port)}")
    values["data"] = Path(values.get("data", Settings.data)).expanduser().absolute()
    settings = Settings(**values)
    if settings.production:
        _check_production(settings, found.get("secret_key", ("PLINTH_SECRET_KEY", ""))[0])
    return settings


def _convert(name: str, variable: str, text: str) -> Any:
    kind = Settings.__dataclass_fields__[name].type
    try:
        if kind in (int, float):
            number: float = int(text) if kind is int else float(text)
            low, high = _RANGES.get(name, (0.001, 86400))
            if not low <= number <= high:
                raise SettingsError(f"{variable} must be from {low:g} to {high:g}, not {text}")
            return number
        check = _CHECKS.get(name)
        return check(variable, text) if check else text
    except ValueError as error:
        word = "a whole number" if kind is int else "a number" if kind is float else "valid"
        detail = "" if kind in (int, float) else f" ({error})"
        raise SettingsError(f"{variable} must be {word}, not {text!r}{detail}") from error


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def check(variable: str, text: str) -> str:
        if text.lower() not in choices:
            raise SettingsError(f"{variable} must be {', '.join(choices)}, not {text!r}")
        return text.lower()

    return check


def _url(*schemes: str) -> Callable[[str, str], str]:
    def check(variable: str, text: str) -> str:
        # The value may hold a password, so the message never repeats it.
        if urlsplit(text).scheme not in schemes:
            raise SettingsError(f"{variable} must be an address that starts with {schemes[0]}://")
        return text

    return check


def _origin(variable: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
        raise SettingsError(f"{variable} must list origins like https://app.example, not {text!r}")
    return text


def _list(one: Callable[[str, str], Any]) -> Callable[[str, str], tuple[Any, ...]]:
    def check(variable: str, text: str) -> tuple[Any, ...]:
        return tuple(one(variable, item.strip()) for item in text.split(",") if item.strip())

    return check


_CHECKS: dict[str, Callable[[str, str], Any]] = {
    "env": _one_of(*ENVIRONMENTS),
    "seed": _one_of(*ENVIRONMENTS),
    "log_format": _one_of("json", "text"),
    "database_url": _url(*_POSTGRES),
    "admin_url": _url(*_POSTGRES),
    "direct_url": _url(*_POSTGRES),
    "replica_urls": _list(_url(*_POSTGRES)),
    "redis_url": _url(*_REDIS),
    "public_url": _url("https", "http"),
    "cors_origins": _list(_origin),
    "trusted_proxies": _list(lambda _variable, item: ipaddress.ip_network(item)),
}


def _address(source: Mapping[str, str]) -> str:
    """DATABASE_HOST and its companions as one address."""
    part = {key: source.get("DATABASE_" + key, "").strip() for key in _PARTS}
    user = quote(part["USER"] or "plinth_web", safe="")
    password = ":" + quote(part["PASSWORD"], safe="") if part["PASSWORD"] else ""
    host = quote(part["HOST"], safe=":[]")
    where = f"{host}:{part['PORT'] or 5432}/{quote(part['NAME'] or 'plinth', safe='')}"
    return f"postgresql://{user}{password}@{where}"


_PARTS = ("HOST", "PORT", "NAME", "USER", "PASSWORD")


def _cores() -> int:
    count = getattr(os, "sched_getaffinity", None)
    return max(1, len(count(0)) if count else os.cpu_count() or 1)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_SAMPLE_WORDS = ("change", "example", "sample", "secret", "password", "plinth", "your")


def _check_production(settings: Settings, variable: str) -> None:
    key = settings.secret_key
    steps = sum(abs(ord(a) - ord(b)) <= 1 for a, b in pairwise(key))
    rules = {
        "must be set in production": not key,
        "must have at least 32 characters in production": len(key) < 32,
        "is a sample value": any(word in key.lower() for word in _SAMPLE_WORDS),
        "repeats itself": len(set(key)) < 10 or key in (key + key)[1:-1] or steps > len(key) // 2,
    }
    for rule, broken in rules.items():
        if broken:
            raise SettingsError(f"{variable} {rule}; make one with: openssl rand -hex 32")
    if settings.seed != "production":
        raise SettingsError(f"PLINTH_SEED={settings.seed} is refused in production")
