"""The embedded servers: found again, never doubled, clean after every kind of death."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from pyapp import engine, unpack
from pyapp.engine import servers
from pyapp.processes import Found, having
from pyapp.settings import Settings
from pyapp.unpack import EngineError
from tests.conftest import ROOT, until
from tests.engine.conftest import folder, name_of, postmaster, processes, value


def test_safe_and_private_from_the_first_second(settings: Settings) -> None:
    with servers(settings) as there:
        shown = {
            name: value(there, f"show {name}")
            for name in ("fsync", "full_page_writes", "data_checksums", "listen_addresses",
                         "password_encryption", "timezone", "log_parameter_max_length_on_error",
                         "log_min_duration_statement")
        }  # fmt: skip
        assert shown == {
            "fsync": "on", "full_page_writes": "on", "data_checksums": "on",
            "listen_addresses": "", "password_encryption": "scram-sha-256", "timezone": "UTC",
            "log_parameter_max_length_on_error": "0",
            "log_min_duration_statement": "-1",  # of what is typed by hand; else a second
        }  # fmt: skip
        with pytest.raises(psycopg.errors.CantChangeRuntimeParam):
            value(there, "set fsync = off")
        with Redis.from_url(there.redis_url or "") as redis:
            assert redis.config_get("port") == {"port": "0"}
        secrets = json.loads((settings.data / "secrets.json").read_text())
        assert stat.S_IMODE((settings.data / "secrets.json").stat().st_mode) == 0o600
        assert there.socket_dir is not None
        assert stat.S_IMODE(there.socket_dir.stat().st_mode) == 0o700
        # Everyone on the machine may read command lines.
        assert not [pid for word in secrets.values() for pid in having(word)]
        # Not even over its own private socket does it let somebody in without the password.
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(there.admin_url.replace(secrets["admin"], "postgres"))
        assert subprocess.check_output([f"{there.bin_dir}/psql", "-V"], text=True).startswith(
            "psql"
        )
    assert processes(settings.data) == []
    assert not there.socket_dir.exists()


def test_the_last_one_out_stops_them_and_rows_stay(settings: Settings) -> None:
    first, second = ExitStack(), ExitStack()
    one = first.enter_context(servers(settings))
    two = second.enter_context(servers(settings))
    assert two.admin_url == one.admin_url
    pid = postmaster(settings.data)
    value(one, "create table kept as select 7 as number")
    first.close()
    assert value(two, "select number from kept") == 7
    second.close()
    assert processes(settings.data) == []
    with servers(settings) as again:
        assert value(again, "select number from kept") == 7
        assert postmaster(settings.data) != pid


def test_two_folders_at_once(settings: Settings) -> None:
    other = folder()
    try:
        with servers(settings) as one, servers(Settings(data=other, env="test")) as two:
            value(one, "create table mine()")
            assert value(two, "select to_regclass('mine')") is None
            assert one.secret_key != two.secret_key
    finally:
        shutil.rmtree(other)


def test_ten_commands_at_once_start_one_pair(settings: Settings) -> None:
    seen: list[int] = []
    gate = threading.Barrier(10)

    def command() -> None:
        gate.wait()
        with servers(settings) as there:
            assert value(there, "select 1") == 1
            seen.append(postmaster(settings.data))
            gate.wait()

    threads = [threading.Thread(target=command) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 10
    assert len(set(seen)) == 1
    assert processes(settings.data) == []


def test_after_kill_9_of_everything(settings: Settings) -> None:
    """Also with a stale pid file that names a living stranger, as after a reboot."""
    child = _owner(settings.data)
    there = engine.known(settings)
    value(there, "create table kept as select 7 as number")
    child.kill()
    child.wait()
    for pid in processes(settings.data):
        with suppress(ProcessLookupError):  # a backend may just have ended by itself
            os.kill(pid, signal.SIGKILL)
    until(lambda: not processes(settings.data), 20)
    stale = settings.data / "pgdata/postmaster.pid"
    lines = stale.read_text().split("\n")
    stale.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with servers(settings) as again:
        assert value(again, "select number from kept") == 7


def test_servers_of_a_killed_owner_are_taken_over(settings: Settings) -> None:
    child = _owner(settings.data)
    pid = postmaster(settings.data)
    child.kill()
    child.wait()
    with engine.owning(settings, lambda _text: None) as (pair, there):
        assert postmaster(settings.data) == pid
        assert value(there, "select 1") == 1
        # One that was taken over is kept alive like any other.
        os.kill(pid, signal.SIGKILL)
        _tend_until_new(pair, settings.data, pid)
    assert processes(settings.data) == []


def test_one_owner_only(settings: Settings) -> None:
    quiet = lambda _text: None  # noqa: E731
    with engine.owning(settings, quiet) as (_pair, there):
        with pytest.raises(EngineError, match=r"in use by another plinth up.*--data"):
            engine.owning(settings, quiet).__enter__()
        with servers(settings) as guest:
            assert guest.admin_url == there.admin_url
        # A guest that leaves does not stop what the owner keeps.
        assert value(there, "select 1") == 1


def test_a_killed_database_comes_back_although_a_backend_is_busy(settings: Settings) -> None:
    said: list[str] = []
    with engine.owning(settings, said.append) as (pair, there):
        # A loop in PL/pgSQL does not notice that its postmaster is gone.
        busy = psycopg.connect(there.admin_url, autocommit=True)
        loop = threading.Thread(target=_swallow, args=(busy,))
        loop.start()
        until(
            lambda: (
                value(there, "select count(*) from pg_stat_activity where query like 'do %'") == 1
            ),
            20,
        )
        pid = postmaster(settings.data)
        os.kill(pid, signal.SIGKILL)
        _tend_until_new(pair, settings.data, pid)
        assert value(there, "select 1") == 1
        loop.join(20)
        assert not loop.is_alive()
        assert "PostgreSQL ended (SIGKILL); starting it again" in said


def test_a_killed_redis_comes_back_and_the_database_goes_on(settings: Settings) -> None:
    with (
        engine.owning(settings, lambda _text: None) as (pair, there),
        Redis.from_url(there.redis_url or "") as redis,
    ):
        pid = postmaster(settings.data)
        (old,) = having(f"{there.socket_dir}/redis.sock")
        os.kill(old, signal.SIGKILL)
        until(lambda: Found(old).poll() is not None, 20)

        def answers() -> bool:
            pair.tend()  # as its owner does, again and again
            return _pings(redis)

        until(answers, 20)
        assert postmaster(settings.data) == pid


def test_memory_leaves_nothing(settings: Settings) -> None:
    with servers(settings.with_(memory=True)) as there:
        where = Path(str(value(there, "show data_directory"))).parent
        assert where.is_dir()
        assert where != settings.data
        assert value(there, "show fsync") == "on"
    assert not where.exists()
    assert processes(where) == []


def test_what_a_killed_memory_run_left_goes_with_the_next(settings: Settings) -> None:
    child = _owner(settings.data, memory=True)
    (left,) = (
        p for p in Path(tempfile.gettempdir()).glob("plinth-memory-*") if _child_of(p, child)
    )
    child.kill()
    child.wait()
    assert processes(left)
    with servers(settings.with_(memory=True)):
        assert not left.exists()
        assert processes(left) == []


def test_lost_secrets_are_named(settings: Settings) -> None:
    with servers(settings):
        pass
    (settings.data / "secrets.json").unlink()
    with pytest.raises(EngineError, match=r"secrets\.json is missing"), servers(settings):
        pass


def test_a_server_that_cannot_start_says_why(settings: Settings) -> None:
    with servers(settings):
        pass
    (settings.data / "pgdata/postgresql.auto.conf").write_text("shared_buffers = '1 fortnight'\n")
    with (
        pytest.raises(
            EngineError, match=r"PostgreSQL does not start: .*auto.conf.*contains errors"
        ),
        servers(settings),
    ):
        pass
    assert processes(settings.data) == []


@pytest.mark.parametrize("moment", ["tend", "stop"])
def test_ctrl_c_at_any_moment_leaves_no_server(settings: Settings, moment: str) -> None:
    """While they start, and while the command that is done stops them."""
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pyapp import engine; from pyapp.settings import Settings\n"
        "work = getattr(engine.Engine, sys.argv[2])\n"
        "def interrupted(self):\n"
        "    if sys.argv[2] == 'tend': work(self)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    if sys.argv[2] == 'stop': work(self)\n"
        "setattr(engine.Engine, sys.argv[2], interrupted)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with engine.servers(Settings(data=Path(sys.argv[1]))): pass"
    )
    command = [sys.executable, "-c", script, str(settings.data), moment]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stderr.endswith("KeyboardInterrupt\n")
    assert processes(settings.data) == []


def test_why_there_are_no_database_files_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what initdb says last: that it cleans up."""
    monkeypatch.setattr(engine, "_INITDB", "--locale=nowhere --no-instructions")
    with (
        pytest.raises(EngineError, match=r"cannot make the database files: .* error: .*nowhere"),
        servers(settings),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_of_somebody_else_is_refused(settings: Settings) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(EngineError, match="belongs to another user"), servers(settings):
            pass
    finally:
        os.seteuid(0)


def test_a_socket_folder_made_by_somebody_else_is_refused(settings: Settings) -> None:
    with servers(settings) as there:
        sockets = there.socket_dir
    assert sockets is not None
    sockets.symlink_to(settings.data)
    try:
        with pytest.raises(EngineError, match="is not ours"), servers(settings):
            pass
    finally:
        sockets.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL an account")
def test_a_folder_in_roots_own_home() -> None:
    home = folder()
    home.chmod(0o700)
    settings = Settings(data=home / "data", env="test")
    said: list[str] = []
    linked: list[Path] = []
    places = Path("/var/lib/plinth")
    try:
        for _ in range(2):
            with servers(settings, said.append) as there:
                place = settings.data / "pgdata"
                linked.append(place.readlink())
                assert linked[-1].parents[1] == places
                assert value(there, "select to_regclass('kept')") is None
                value(there, "create table kept()")
                assert place.resolve().stat().st_uid != 0
            # A new DATA in the same place finds no old rows, and the old files are not lost.
            shutil.rmtree(settings.data)
        assert all(path.is_dir() for path in linked)
        told = [text for text in said if "closed to PostgreSQL's account" in text]
        assert [str(path.parent) in text for path, text in zip(linked, told, strict=True)] == [
            True,
            True,
        ]
    finally:
        shutil.rmtree(home)
        for left in places.glob(name_of(settings.data).removeprefix("plinth-") + "*"):
            shutil.rmtree(left)


def _child_of(folder: Path, parent: subprocess.Popen[str]) -> bool:
    try:
        found = Path(f"/proc/{postmaster(folder)}/stat").read_text()
    except (OSError, ValueError):  # of another run, that begins or ends
        return False
    return str(parent.pid) in found.split()[3:4]


def _owner(data: Path, *, memory: bool = False) -> subprocess.Popen[str]:
    """Another process that owns the servers of this folder, ready."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from pyapp import engine; from pyapp.settings import Settings\n"
        "settings = Settings(data=Path(sys.argv[1]), memory=len(sys.argv) > 2)\n"
        "with engine.owning(settings, lambda _: None):\n"
        "    print('ready', flush=True); time.sleep(600)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(data), *["memory"] * memory],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.stdout.close()
    return child


def _tend_until_new(pair: engine.Engine, data: Path, old: int) -> None:
    def new() -> bool:
        pair.tend()
        try:
            return (
                postmaster(data) != old and "ready" in (data / "pgdata/postmaster.pid").read_text()
            )
        except (OSError, ValueError):
            return False

    until(new, 30)


def _pings(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def _swallow(busy: psycopg.Connection[tuple[object, ...]]) -> None:
    try:
        busy.execute("do $$ begin loop end loop; end $$")
    except psycopg.OperationalError:
        busy.close()


def test_two_unpackers_at_once_make_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder()
    monkeypatch.setattr(unpack, "_cache", lambda: cache)
    (cache / "unpack-killed").mkdir()
    account = unpack.Account.choose(cache)
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(unpack.programs, [account, account])
    assert one == two
    assert sorted(path.name for path in cache.iterdir()) == ["lock", one.name]
    redis = {path.name for path in (one / "shim").glob("redis-*")}  # redis-cli not everywhere
    if any(map(find_spec, unpack._REDIS)):
        assert "redis-server" in redis
    for name in redis | {"psql", "pg_dump", "postgres", "initdb"}:
        assert subprocess.run([one / "shim" / name, "--version"], check=True).returncode == 0
    # The account that runs these programs cannot change them.
    if account.lent:
        assert {path.lstat().st_uid for path in one.rglob("*")} == {0}
    shutil.rmtree(cache)


def test_a_python_without_redis_says_so_and_leaves_another_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = folder()
    monkeypatch.setattr(unpack, "_cache", lambda: cache)
    with monkeypatch.context() as bare:
        bare.setattr(unpack, "_REDIS", ())
        bare.setenv("PATH", str(cache))
        with (
            pytest.raises(EngineError, match="no Redis comes along for this Python"),
            servers(settings),
        ):
            pass
    with servers(settings) as there, Redis.from_url(there.redis_url or "") as redis:
        assert _pings(redis)
    shutil.rmtree(cache)


def test_a_home_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As of an account for a service; root may write everywhere, but not below a file."""
    (tmp_path / "home").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    with pytest.raises(EngineError, match=r"home/plinth cannot be written; .* XDG_CACHE_HOME$"):
        unpack.programs(unpack.Account(1, 1, lent=False))


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder()
    tool = cache / "pg0"
    said = r"Error: missing libraries:\n  liblz4.so.1 => not found\n\nInstall:\n  dnf …\n"
    tool.write_text(f"#!/bin/sh\nprintf '{said}' >&2\n")
    tool.chmod(0o755)
    monkeypatch.setattr(unpack, "_cache", lambda: cache)
    monkeypatch.setattr(unpack, "_carried", lambda _package, name: tool if name == "pg0" else None)
    with pytest.raises(EngineError, match=r"PostgreSQL: liblz4.so.1 => not found$"):
        unpack.programs(unpack.Account.choose(cache))
    shutil.rmtree(cache)


def test_a_guest_stops_what_a_killed_owner_left(settings: Settings) -> None:
    child = _owner(settings.data)
    with servers(settings) as there:
        child.kill()
        child.wait()
        assert value(there, "select 1") == 1
    assert processes(settings.data) == []
