"""Everything Plinth reads from the environment, checked once and passed around frozen."""

import hashlib
import hmac
import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

_HERE = Path(__file__).resolve().parent
DB_DIR = _HERE / "_db" if (_HERE / "_db").is_dir() else _HERE.parent / "db"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ENVIRONMENTS = ("development", "test", "production")


class SettingsError(Exception):
    """One line that names the variable and the rule it broke."""


# What reads the text of a variable; the message of its ValueError follows the variable's name.
Read = Callable[[str], Any]


def _number(kind: type[int] | type[float], low: float = 0.001, high: float = 86400) -> Read:
    def read(text: str) -> float:
        with suppress(ValueError):
            if low <= (number := kind(text)) <= high:
                return number
        word = "a whole number" if kind is int else "a number"
        raise ValueError(f"must be {word} from {low:g} to {high:g}, not {text!r}")

    return read


def _like(pattern: str, rule: str, check: Callable[[str], object] = str) -> Read:
    def read(text: str) -> str:
        # The value may hold a password, so the message never repeats it, nor what a check says.
        with suppress(ValueError, ProgrammingError):
            if re.fullmatch(pattern, text):
                check(text)
                return text
        raise ValueError(f"must {rule}")

    return read


def _one_of(*choices: str) -> Read:
    return _like("|".join(choices), f"be {', '.join(choices)}")


def _list(one: Read) -> Read:
    return lambda text: tuple(one(item.strip()) for item in text.split(",") if item.strip())


_ODD = ", and write what is odd in a password like %20"
_POSTGRES = _like(
    r"postgres(ql)?://.*", f"be an address that starts with postgresql://{_ODD}", conninfo_to_dict
)
_REDIS = _like(
    r"(rediss?|unix)://.*",
    f"start with redis://, rediss:// or unix://{_ODD}",
    lambda text: urlsplit(text).port,
)
_HTTP = _like(r"https?://.+", "be an address that starts with https:// or http://")
_ORIGIN = _like(r"https?://[^/?#]+", "list origins like https://app.example, without a path")
_SMTP = _like(
    r"smtps?://[^\s/?#]+/?(\?starttls=(always|auto|never))?",
    "be like smtp://user:password@mail.example:587, with ?starttls=always, auto or never",
)
_SENDER = _like(
    r"[^@\s<>]+@[^@\s<>]+|[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>",
    "be an address like Plinth <no-reply@app.example>",
)
_FOLDER = _like(r".*\S.*", "name a folder")
_COUNT, _SECONDS = _number(int, 1, 64), _number(float)
_MOST = _number(int, 0, 999_999_999_999)


def _var(default: Any, read: Read = str, *names: str, secret: bool = False) -> Any:
    """A setting; its variable is PLINTH_<NAME> unless names say otherwise, aliases last."""
    return field(default=default, repr=not secret, metadata={"read": read, "names": names})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Secrets and addresses with passwords stay out of repr(), so that no log shows them."""

    env: str = _var("development", _one_of(*ENVIRONMENTS), "PLINTH_ENV", "ENVIRONMENT")
    seed: str = _var("development", _one_of(*ENVIRONMENTS), "PLINTH_SEED", "DATABASE_SEED_ENV")
    host: str = _var("127.0.0.1", _like(r"\S+", "name an address"))
    port: int = _var(8080, _number(int, 1, 65535))
    workers: int = _var(1, _number(int, 1, 256))
    data: Path = _var(Path(".plinth"), _FOLDER)  # noqa: RUF009 - a Path does not change
    database_url: str | None = _var(None, _POSTGRES, "DATABASE_URL", secret=True)
    admin_url: str | None = _var(None, _POSTGRES, "DATABASE_ADMIN_URL", secret=True)
    direct_url: str | None = _var(None, _POSTGRES, "DATABASE_DIRECT_URL", secret=True)
    replica_urls: tuple[str, ...] = _var((), _list(_POSTGRES), "DATABASE_REPLICA_URLS", secret=True)
    redis_url: str | None = _var(None, _REDIS, "REDIS_URL", secret=True)
    cache_prefix: str = _var("plinth", _like(r"[A-Za-z0-9_.-]{1,64}", "have letters, digits, _.-"))
    public_url: str = _var("", _HTTP)
    smtp_url: str | None = _var(None, _SMTP, secret=True)
    mail_from: str = _var("", _SENDER)
    secret_key: str = _var("", str, "PLINTH_SECRET_KEY", "JWT_SECRET_KEY", secret=True)
    secret_key_previous: tuple[str, ...] = _var((), _list(str), secret=True)
    cors_origins: tuple[str, ...] = _var((), _list(_ORIGIN))
    trusted_proxies: tuple[Network, ...] = _var((), _list(ipaddress.ip_network))
    log_format: str = _var("json", _one_of("json", "text"))
    read_connections: int = _var(2, _COUNT)
    write_connections: int = _var(4, _COUNT)
    slow_connections: int = _var(2, _COUNT)
    hash_connections: int = _var(1, _COUNT)
    aside_connections: int = _var(2, _COUNT)
    replica_connections: int = _var(2, _COUNT)
    replica_max_lag: int = _var(5, _number(int, 1, 60))
    connection_lifetime: float = _var(3600.0, _number(float, 1, 86400))
    acquire_timeout: float = _var(2.0, _SECONDS)
    statement_timeout: float = _var(5.0, _SECONDS)
    slow_timeout: float = _var(30.0, _SECONDS)
    lock_timeout: float = _var(1.0, _SECONDS)
    redis_timeout: float = _var(0.1, _SECONDS)
    body_limit: int = _var(1 << 20, _number(int, 1024, 1 << 30))
    body_timeout: float = _var(10.0, _SECONDS)
    header_timeout: float = _var(10.0, _SECONDS)
    keepalive_timeout: float = _var(75.0, _SECONDS)
    stop_timeout: float = _var(10.0, _number(float, 1, 10))
    max_connections_per_address: int = _var(0, _number(int, 0, 1 << 20))
    rate_limit_requests_per_minute: int | None = _var(None, _MOST, "RATE_LIMIT_REQUESTS_PER_MINUTE")
    rate_limit_requests_per_hour: int | None = _var(None, _MOST, "RATE_LIMIT_REQUESTS_PER_HOUR")
    rate_limit_requests_per_day: int | None = _var(None, _MOST, "RATE_LIMIT_REQUESTS_PER_DAY")
    rate_limit_tokens_per_day: int | None = _var(None, _MOST, "RATE_LIMIT_TOKENS_PER_DAY")
    memory: bool = False  # only ever asked for on the command line

    @property
    def keys(self) -> dict[str, str]:
        """What passwords are mixed with and secrets encrypted: derived from the key in force, and
        from those it replaced. The database gets them per connection and never stores them."""

        def derived(secret: str, use: str) -> str:
            return hmac.new(secret.encode(), f"plinth {use} 1".encode(), hashlib.sha256).hexdigest()

        # A key names itself: there is no counter that could be out of step with it.
        keys = (self.secret_key, *self.secret_key_previous)
        named = [(derived(key, "key id")[:8], key) for key in keys]
        return {
            "plinth.pepper": ",".join(f"p{n}:{derived(k, 'password pepper')}" for n, k in named),
            "plinth.secret_keys": ",".join(f"{n}:{derived(k, 'encryption')}" for n, k in named),
        }

    @property
    def limits(self) -> dict[str, str]:
        """The rate limits that the environment sets, per minute, hour, day, and tokens per day. The
        database gets them per connection, too, and uses its own for those left out."""
        names = ("requests_per_minute", "requests_per_hour", "requests_per_day", "tokens_per_day")
        given = [getattr(self, f"rate_limit_{name}") for name in names]
        told = ",".join("" if limit is None else str(limit) for limit in given)
        return {"plinth.limits": told} if told.strip(",") else {}

    @property
    def replicas(self) -> dict[str, str]:
        """Where there are replicas, how old an answer of theirs may be. The database vouches for
        callers no longer than that, and notes who wrote."""
        return {"plinth.replica_max_lag": str(self.replica_max_lag)} if self.replica_urls else {}

    @property
    def key_options(self) -> str:
        """All of these, for the options of a connection."""
        told = self.keys | self.limits | self.replicas
        return " ".join(f"-c {name}={value}" for name, value in told.items())

    @property
    def connections(self) -> int:
        """What the whole service may open at once; one more per worker listens for deploys."""
        # Shared and writing lanes grow while calls wait; see db.Database.
        lanes = self.read_connections * 3 + self.write_connections * 2
        lanes += self.slow_connections + self.hash_connections + self.aside_connections
        return self.workers * (lanes + 1) + 10  # and the job worker

    def with_(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def environ(self) -> dict[str, str]:
        """The same settings as variables for child processes; a server never sees admin_url."""
        held = {names[0]: getattr(self, name) for name, names in _VARIABLES.items()}
        del held["DATABASE_ADMIN_URL"]
        return {
            variable: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            for variable, value in held.items()
            if value not in (None, "", ())
        }


_FIELDS = {f.name: f.metadata for f in fields(Settings) if f.metadata}
_VARIABLES = {n: held["names"] or ("PLINTH_" + n.upper(),) for n, held in _FIELDS.items()}


def load(env: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment; an override that is not None wins over its variable."""
    source = os.environ if env is None else env
    texts = {variable: text.strip() for variable, text in source.items() if text.strip()}
    if "DATABASE_HOST" in texts:
        texts.setdefault("DATABASE_URL", _address(texts))
    values = {name: given for name, given in overrides.items() if given is not None}
    for name, variables in _VARIABLES.items():
        # Text comes from a command line, and is checked like that of a variable.
        if isinstance(given := values.get(name), str):
            values[name] = _checked(name, f"--{name}", given)
        elif given is None and (variable := next((v for v in variables if v in texts), None)):
            values[name] = _checked(name, variable, texts[variable])
    settings = Settings(**_derived(values) | values)
    if settings.env == "production":
        _check_production(settings)
    return settings.with_(data=Path(settings.data).expanduser().absolute())


def _checked(name: str, variable: str, text: str) -> Any:
    try:
        return _FIELDS[name]["read"](text)
    except ValueError as error:
        raise SettingsError(f"{variable} {error}") from error


def _derived(given: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that follow from the machine and from other settings."""
    host, port = given.get("host", Settings.host), given.get("port", Settings.port)
    loopback = host in ("localhost", "::1") or host.startswith("127.")
    shown = f"[{host}]" if ":" in host else host
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "workers": usable or 1,
        "seed": given.get("env", Settings.env),
        "max_connections_per_address": 0 if loopback else 1000,
        "log_format": "text" if sys.stdout.isatty() else "json",  # JSON is for machines
        "public_url": f"http://{shown}:{port}",
    }


_PARTS = {"HOST": "", "PORT": "5432", "NAME": "plinth", "USER": "plinth_web", "PASSWORD": ""}


def _address(texts: Mapping[str, str]) -> str:
    """DATABASE_HOST and its companions as one address."""
    given = {part: texts.get(f"DATABASE_{part}", default) for part, default in _PARTS.items()}
    quoted = {part: quote(text, safe=":[]" * (part == "HOST")) for part, text in given.items()}
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(quoted)


_SAMPLE_WORDS = ("change", "example", "sample", "secret", "password", "plinth", "your")


def _check_production(settings: Settings) -> None:
    key = settings.secret_key
    steps = sum(abs(ord(a) - ord(b)) <= 1 for a, b in pairwise(key))
    rules = {
        "must be set in production": not key,
        "must have at least 32 characters in production": len(key) < 32,
        "is a sample value": any(word in key.lower() for word in _SAMPLE_WORDS),
        "repeats itself": len(set(key)) < 10 or key in (key + key)[1:-1] or steps > len(key) // 2,
    }
    if broken := next((rule for rule, holds in rules.items() if holds), None):
        raise SettingsError(f"PLINTH_SECRET_KEY {broken}; make one with: openssl rand -hex 32")
    if settings.seed != "production":
        raise SettingsError(f"PLINTH_SEED={settings.seed} is refused in production")
