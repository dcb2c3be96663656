"""The renewal of code: functions and views become what their files say, and nothing else is touched.

A file whose hash is deployed is left alone. A changed one replaces its objects in place where their
signature allows it; where not, they are dropped together with the code that hangs on them, and the
files of all that vanished run again. Order follows from failing and trying again: a file that misses
something waits for the next round.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from pyapp.sqlfile import Connection, MigrationError, SqlError, SqlFile, located, read, run

SCHEMAS = ["api", "core", "http", "compat"]
Say = Callable[[str], None]

# The signature changed (or a kind), so that OR REPLACE cannot do it; 42725: the old one is in the way of the file's GRANT.
_MUST_DROP = {"42P13", "42P16", "42809", "42725"}
_MISSING = {"42883", "42P01", "42704", "3F000", "42703"}

_CREATE = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:recursive\s+)?(\w+)\s+(?:if\s+not\s+exists\s+)?"
    r'"?(\w+)"?\s*\.\s*"?(\w+)"?',
    re.IGNORECASE,
)
_ROUTINES = {"function", "procedure", "aggregate"}

_OBJECTS = """
select 'function ' || n.nspname || '.' || p.proname, p.oid
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname = any (%(schemas)s)
   and (%(names)s::text[] is null or 'function ' || n.nspname || '.' || p.proname = any (%(names)s))
   and not exists (select from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'view ' || n.nspname || '.' || c.relname, c.oid
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any (%(schemas)s) and c.relkind = 'v'
   and (%(names)s::text[] is null or 'view ' || n.nspname || '.' || c.relname = any (%(names)s))
   and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')"""

# What a DROP … CASCADE would take along outside the code schemas. Rules and row types lead to their view.
_DURABLE_DEPENDENTS = """
with recursive taken (classid, objid) as (
  select %(catalog)s::regclass::oid, unnest(%(oids)s::oid[])
  union
  select x.classid, x.objid
    from taken t
   cross join lateral (
     select d.classid, d.objid from pg_depend d
      where d.refclassid = t.classid and d.refobjid = t.objid
     union all
     select d.refclassid, d.refobjid from pg_depend d
      where d.classid = t.classid and d.objid = t.objid and d.deptype = 'i') x
)
select pg_describe_object(t.classid, t.objid, 0)
  from taken t cross join lateral pg_identify_object(t.classid, t.objid, 0) i
 where i.schema <> all (%(schemas)s)
    or t.classid in ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_attrdef'::regclass)"""

_DROP = """
select format('drop %%s %%s cascade', case when %(catalog)s = 'pg_proc' then 'routine' else 'view' end,
              case when %(catalog)s = 'pg_proc' then o::regprocedure::text else o::regclass::text end)
  from unnest(%(oids)s::oid[]) o"""

# Back to how CREATE leaves it: of plinth_owner, without grants and comment.
_RESET = """
with o as (
  select case when %(catalog)s = 'pg_proc' then 'routine' else 'view' end as kind,
         case when %(catalog)s = 'pg_proc' then p.oid::regprocedure::text else c.oid::regclass::text end as name,
         coalesce(p.proowner, c.relowner) as owner, coalesce(p.proacl, c.relacl) as acl, x.oid
    from unnest(%(oids)s::oid[]) x (oid)
    left join pg_proc p on p.oid = x.oid and %(catalog)s = 'pg_proc'
    left join pg_class c on c.oid = x.oid and %(catalog)s = 'pg_class'
)
select format('alter %%s %%s owner to plinth_owner', o.kind, o.name)
  from o where o.owner <> 'plinth_owner'::regrole
union all
select distinct format('revoke all on %%s %%s from %%s', replace(o.kind, 'view', 'table'), o.name,
                       case when a.grantee = 0 then 'public' else a.grantee::regrole::text end)
  from o cross join lateral aclexplode(o.acl) a where a.grantee <> o.owner
union all
select format('comment on %%s %%s is null', o.kind, o.name)
  from o where obj_description(o.oid, %(catalog)s) is not null"""

# Syntax of every body, and for SQL functions every name in it, in the search path they run with.
_VALIDATE = """
select set_config('search_path', coalesce(
         (select substr(c, 13) from unnest(p.proconfig) c where c like 'search_path=%%'), 'pg_catalog, pg_temp'), true),
       case l.lanname when 'sql' then fmgr_sql_validator(p.oid) else plpgsql_validator(p.oid) end
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang
 where n.nspname = any (%s) and l.lanname in ('sql', 'plpgsql') and p.prokind <> 'a'"""


@dataclass(frozen=True)
class CodeFile(SqlFile):
    @property
    def kind(self) -> str:
        return "view" if self.path.startswith("db/views/") else "function"

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """What it defines; read off its CREATE statements, so that it is known before it runs."""
        found: dict[str, None] = {}
        for statement in self.statements:
            if statement.text[:6].lower() != "create":
                continue
            match = _CREATE.match(statement.text)
            word = match[1].lower() if match else ""
            kind = "function" if word in _ROUTINES else word
            if not match or kind not in {"function", "view"} or match[2].lower() not in SCHEMAS:
                raise MigrationError(
                    f"{self.path}:{statement.line}: only functions and views of "
                    f"{', '.join(SCHEMAS)} are code; anything else needs a migration"
                )
            found[f"{kind} {match[2]}.{match[3]}".lower()] = None
        return tuple(found)


def read_code(db_dir: Path) -> list[CodeFile]:
    """Functions, the machinery in http first, then views: what others stand on before what stands on it."""
    files = [
        CodeFile(file.path, file.text)
        for pattern in ("functions/http/**/*.sql", "functions/**/*.sql", "views/**/*.sql")
        for file in read(db_dir, pattern)
    ]
    owners: dict[str, str] = {}
    for file in (unique := {file.path: file for file in files}).values():
        for name in file.objects:
            if owners.setdefault(name, file.path) != file.path:
                raise MigrationError(f"{name} is defined in {owners[name]} and in {file.path}")
    return list(unique.values())


class Renewal:
    """One renewal, inside the transaction of the caller. Admin work runs as the login, files as plinth_owner."""

    def __init__(self, conn: Connection, files: list[CodeFile], say: Say) -> None:
        self.conn = conn
        self.files = {file.path: file for file in files}
        self.say = say
        self.changed: list[str] = []

    @cached_property
    def deployed(self) -> dict[str, str]:
        """Path and hash; read at the first use, because the first migration makes the table."""
        return dict(self.conn.execute("select path, sha256 from ops.code_files").fetchall())

    def objects(self, only: Iterable[str] | None = None) -> dict[str, list[int]]:
        """Code objects by name: one oid each, two while a new signature stands beside the old one."""
        found: dict[str, list[int]] = {}
        names = None if only is None else list(only)
        for name, oid in self.conn.execute(_OBJECTS, {"schemas": SCHEMAS, "names": names}):
            found.setdefault(name, []).append(oid)
        return found

    def stale(self, drifted: Iterable[str] = ()) -> list[CodeFile]:
        """Files to run: new, changed, with an object that is missing or was changed by hand."""
        present = self.objects()
        damaged = set(drifted)
        expose = next((f for f in self.files.values() if "function http.expose" in f.objects), None)
        again = expose is not None and self.deployed.get(expose.path) != expose.sha256
        return [
            file
            for file in self.files.values()
            if self.deployed.get(file.path) != file.sha256
            or any(name not in present or name in damaged for name in file.objects)
            or (
                again and "http.expose(" in file.text
            )  # its routes are made by the changed function
        ]

    def leftovers(self) -> list[str]:
        """Objects that no file defines."""
        wanted = {name for file in self.files.values() for name in file.objects}
        return sorted(set(self.objects()) - wanted)

    def run(self, drifted: Iterable[str] = (), *, strict: bool = True) -> None:
        """Without strict, only what vanished comes back, and what cannot be loaded is left out."""
        if strict:
            removed = sorted(set(self.deployed) - set(self.files))
            self._forget(removed)
            self.changed += removed
            self.drop(self.leftovers())
        queue = self.stale(drifted) if strict else self._vanished()
        while queue:
            failed: dict[str, SqlError] = {}
            for file in queue:
                try:
                    self._load(file)
                except SqlError as error:
                    if error.sqlstate not in _MISSING and (strict or error.sqlstate[:2] != "42"):
                        raise
                    failed[file.path] = error
            if len(failed) == len(queue):
                if strict:
                    raise next(iter(failed.values()))
                self._forget(list(failed))
                break
            vanished = self._vanished()
            queue = [f for f in self.files.values() if f.path in failed or f in vanished]
        if self.changed:
            self._validate()

    def _vanished(self) -> list[CodeFile]:
        present = self.objects()
        return [
            file
            for file in self.files.values()
            if file.path in self.deployed and any(name not in present for name in file.objects)
        ]

    def drop(self, names: Iterable[str], *, keep: Iterable[int] = ()) -> None:
        """Drops code objects with all code that hangs on them; refuses where data would go along."""
        for name in names:
            oids = [oid for oid in self.objects([name]).get(name, []) if oid not in keep]
            where = {"catalog": _catalog(name), "oids": oids, "schemas": SCHEMAS}
            if durable := self.conn.execute(_DURABLE_DEPENDENTS, where).fetchall():
                what = ", ".join(sorted(row[0] for row in durable))
                raise MigrationError(f"{name} cannot be dropped, because of: {what}")
            self._execute_each(_DROP, where)

    def _execute_each(self, query: LiteralString, where: dict[str, Any]) -> None:
        for (text,) in self.conn.execute(query, where).fetchall():
            self.conn.execute(text.encode())

    def _forget(self, paths: list[str]) -> None:
        self._unroute(paths)
        self.conn.execute("delete from ops.code_files where path = any (%s)", [paths])
        self.deployed = {path: sha for path, sha in self.deployed.items() if path not in paths}

    def _unroute(self, paths: list[str]) -> None:
        self.conn.execute("delete from http.routes where file = any (%s)", [paths])
        self.conn.execute("delete from http.unrouted where file = any (%s)", [paths])

    def _load(self, file: CodeFile) -> None:
        try:
            with self.conn.transaction():
                self._run(file)
        except SqlError as error:
            if error.sqlstate not in _MUST_DROP:
                raise
            with self.conn.transaction():
                self.drop(file.objects)
                self._run(file)
        if file.path not in self.changed:
            self.changed.append(file.path)
        self.say(file.path)

    def _run(self, file: CodeFile) -> None:
        before = self.objects(file.objects)
        for name, oids in before.items():
            self._execute_each(_RESET, {"catalog": _catalog(name), "oids": oids})
        self._unroute([file.path])
        self.conn.execute("select set_config('plinth.file', %s, true)", [file.path])
        self.conn.execute("set local role plinth_owner")
        for statement in file.statements:
            run(self.conn, file, statement)
        self.conn.execute("reset role")

        for name, oids in self.objects(file.objects).items():
            new = [oid for oid in oids if oid not in before.get(name, [])]
            if len(new) > 1:
                raise MigrationError(f"{file.path} defines {name} twice: overloads are not allowed")
            if len(oids) > 1:
                self.drop([name], keep=new)  # the old signature
        self.conn.execute(
            "insert into ops.code_files (path, kind, sha256, objects) values (%s, %s, %s, %s) "
            "on conflict (path) do update set kind = excluded.kind, sha256 = excluded.sha256, "
            "objects = excluded.objects, deployed_at = clock_timestamp()",
            [file.path, file.kind, file.sha256, list(file.objects)],
        )
        self.deployed[file.path] = file.sha256

    def _validate(self) -> None:
        """Bodies are not checked while loading, because they may name what comes later; now they can be."""
        try:
            with self.conn.transaction():
                self.conn.execute("set local check_function_bodies = on")
                self.conn.execute(_VALIDATE, [SCHEMAS])
                self.conn.execute("set local search_path = pg_catalog, pg_temp")
                self.conn.execute("set local check_function_bodies = off")
        except psycopg.Error as error:
            body = error.diag.internal_query or ""
            file = next((f for f in self.files.values() if body and body in f.text), None)
            raise located(
                error, file or SqlFile(error.diag.context or "db/functions", "")
            ) from error


def _catalog(name: str) -> str:
    return "pg_class" if name.startswith("view ") else "pg_proc"
