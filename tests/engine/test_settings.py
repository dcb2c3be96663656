"""Settings: every wrong value is one line that names the variable and the rule."""

import re
import secrets
from pathlib import Path

import pytest

from pyapp import settings as settings_module
from pyapp.settings import Settings, SettingsError, load

STRONG = secrets.token_hex(32)


@pytest.mark.parametrize(
    ("variable", "text", "rule"),
    [
        ("PLINTH_PORT", "http", "must be a whole number from 1 to 65535, not 'http'"),
        ("PLINTH_PORT", "65536", "must be a whole number from 1 to 65535"),
        ("PLINTH_PORT", "0", "must be a whole number from 1 to 65535"),
        ("PLINTH_WORKERS", "0", "must be a whole number from 1 to 256"),
        ("PLINTH_REDIS_TIMEOUT", "nan", "must be a number from"),
        ("PLINTH_ENV", "prod", "must be development, test, production"),
        ("DATABASE_SEED_ENV", "demo", "must be development, test, production"),
        ("DATABASE_URL", "mysql://db/plinth", "must be an address that starts with postgresql://"),
        ("REDIS_URL", "localhost:6379", "must start with redis://, rediss:// or unix://"),
        ("PLINTH_HOST", "127.0.0.1 ::1", "must name an address"),
        ("PLINTH_CORS_ORIGINS", "https://ok.example, *", "must list origins"),
        ("PLINTH_TRUSTED_PROXIES", "10.0.0.0/33", "does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_a_wrong_value_is_named(variable: str, text: str, rule: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({variable: text})
    assert str(raised.value).startswith(variable)
    assert rule in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("DATABASE_URL", "mysql://me:hunter2@db/plinth"),
        ("DATABASE_URL", "postgresql://me:hunter2%zz@db/plinth"),
        ("DATABASE_ADMIN_URL", "postgresql://me:hunter2 x@db/plinth"),
        ("DATABASE_ADMIN_URL", "postgresql://me:hunter2@[::1/plinth"),
        ("DATABASE_REPLICA_URLS", "postgresql://db/plinth, postgresql://me:hunter2%@db/plinth"),
        ("REDIS_URL", "redis://:hunter2/x@cache"),
        ("REDIS_URL", "redis://:[hunter2@cache"),
    ],
)
def test_an_address_with_a_password_is_not_repeated(variable: str, address: str) -> None:
    """Neither by us nor by the parser, which would show what it stumbles on."""
    with pytest.raises(SettingsError, match=f"^{variable} must ") as raised:
        load({variable: address})
    assert "hunter2" not in str(raised.value)


def test_an_address_to_listen_on_is_never_empty() -> None:
    """It would be every address of the machine."""
    with pytest.raises(SettingsError, match=r"^--host must name an address$"):
        load({}, host="")


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("", "must be set"),
        ("3f9a1c7e5b2d8064", "at least 32 characters"),
        ("change-me-change-me-7f3a9c1e5b2d8046", "is a sample value"),
        ("a" * 40, "repeats itself"),
        ("3f9a1c7e5b2d8064" * 3, "repeats itself"),
        ("abcdefghijklmnopqrstuvwxyz0123456789", "repeats itself"),
    ],
)
@pytest.mark.parametrize("variable", ["PLINTH_SECRET_KEY", "JWT_SECRET_KEY"])
def test_production_refuses_a_weak_secret(variable: str, key: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        load({"PLINTH_ENV": "production", variable: key})


def test_production_takes_a_strong_secret_and_has_no_seeds() -> None:
    settings = load({"ENVIRONMENT": "production", "JWT_SECRET_KEY": STRONG})
    assert (settings.env, settings.seed, settings.secret_key) == (
        "production",
        "production",
        STRONG,
    )
    with pytest.raises(SettingsError, match="PLINTH_SEED"):
        load({"ENVIRONMENT": "production", "JWT_SECRET_KEY": STRONG, "DATABASE_SEED_ENV": "test"})


def test_the_parts_of_an_address_make_one() -> None:
    parts = {"HOST": "db.example", "PORT": "6000", "NAME": "ai", "USER": "web", "PASSWORD": "a@b/c"}
    env = {f"DATABASE_{key}": text for key, text in parts.items()}
    assert load(env).database_url == "postgresql://web:a%40b%2Fc@db.example:6000/ai"
    assert load({**env, "DATABASE_URL": "postgresql://x/y"}).database_url == "postgresql://x/y"


def test_an_override_wins_and_is_checked() -> None:
    assert load({"PLINTH_PORT": "1"}, port="2").port == 2
    with pytest.raises(SettingsError, match="--port must be a whole number"):
        load({}, port="x")


def test_what_a_child_process_reads_is_what_its_parent_had() -> None:
    settings = load(
        {
            "DATABASE_URL": "postgresql://plinth_web:w@h/plinth",
            "DATABASE_REPLICA_URLS": "postgresql://r1/plinth, postgresql://r2/plinth",
            "REDIS_URL": "redis://h",
            "PLINTH_CORS_ORIGINS": "https://a.example, http://b.example:3000",
            "PLINTH_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "PLINTH_STATEMENT_TIMEOUT": "2.5",
            "PLINTH_SECRET_KEY": STRONG,
        }
    )
    assert load(settings.environ()) == settings
    child = settings.with_(admin_url="postgresql://root@h/plinth").environ()
    assert "DATABASE_ADMIN_URL" not in child


def test_no_secret_shows_in_a_log_of_settings() -> None:
    shown = repr(Settings(database_url="postgresql://u:hunter2@h/d", secret_key=STRONG))
    assert "hunter2" not in shown
    assert STRONG not in shown


def test_keys_depend_on_the_secret_and_do_not_show_it() -> None:
    one, two = Settings(secret_key=STRONG), Settings(secret_key=STRONG[::-1])
    for name, value in one.keys.items():
        assert value != two.keys[name]
        assert re.fullmatch("p?[0-9a-f]{8}:[0-9a-f]{64}", value)
        assert STRONG not in value
    assert one.keys["plinth.pepper"].partition(":")[2] not in one.keys["plinth.secret_keys"]
    # The key in force comes first, what it replaced stays readable.
    both = one.with_(secret_key_previous=(STRONG[::-1],))
    for name, value in both.keys.items():
        assert value == f"{one.keys[name]},{two.keys[name]}"


def test_limits_reach_the_database_where_they_are_set() -> None:
    assert load({}).limits == {}
    assert "plinth.limits" not in load({}).key_options
    some = load({"RATE_LIMIT_REQUESTS_PER_HOUR": "0", "RATE_LIMIT_TOKENS_PER_DAY": "5000"})
    assert some.limits == {"plinth.limits": ",0,,5000"}
    assert some.key_options.endswith(" -c plinth.limits=,0,,5000")
    assert load(some.environ()).limits == some.limits
    with pytest.raises(SettingsError, match="RATE_LIMIT_REQUESTS_PER_DAY must be a whole number"):
        load({"RATE_LIMIT_REQUESTS_PER_DAY": "-1"})


def test_only_strangers_have_a_limit_of_connections() -> None:
    assert load({}).max_connections_per_address == 0
    assert load({"PLINTH_HOST": "0.0.0.0"}).max_connections_per_address == 1000


def test_the_example_lists_every_variable_with_its_default() -> None:
    example = Path(__file__).resolve().parents[2] / ".env.example"
    lines = [line.lstrip("# ") for line in example.read_text().splitlines() if "=" in line]
    listed = {name: text for name, _, text in (line.partition("=") for line in lines)}
    defaults = {**Settings(database_url="-", admin_url="-").environ()}
    same = {"PLINTH_DATA", "PLINTH_WORKERS", "DATABASE_URL"}
    wrong = {
        n: (listed.get(n), d) for n, d in defaults.items() if n not in same and listed.get(n) != d
    }
    assert not wrong
    known = {names[0] for names in settings_module._VARIABLES.values()}
    assert not {n for n in listed if n.startswith("PLINTH_")} - known
