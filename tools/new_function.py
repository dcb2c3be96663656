"""Skeleton of a function of the contract and of its test: make new room=chat fn=create_note"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FUNCTION = """\
-- api.{name}: what it does, in one line.
--
-- Rules   What it enforces.
-- Errors  UN001 nobody is signed in; VL001 text
-- Locks   none
create or replace function api.{name}(
  p_user_id uuid,
  p_text    text
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  if length(p_text) > 1000 then
    perform base.raise('VL001', 'text has at most 1000 characters', 'text');
  end if;

  return p_text;
end
$$;

comment on function api.{name}(uuid, text) is 'What it does, in one line';
grant execute on function api.{name}(uuid, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/{path}', 'api.{name}');
"""

TEST = """\
-- api.{name}: its properties, its answer, its errors, and who may call it.
begin;
select plan(6);

-- Properties
select volatility_is('api', '{name}', array['uuid', 'text'], 'stable', 'it only reads');
select is_definer('api', '{name}', array['uuid', 'text'], 'it runs as its owner');
select function_privs_are(
  'api', '{name}', array['uuid', 'text'], 'plinth_web', array['EXECUTE'], 'the layer may call it');

-- Answer
select is({name}('01900000-0000-7000-8000-000000000005', 'hello'), 'hello', 'it answers alice');

-- Errors
select throws_ok(
  $$ select {name}('01900000-0000-7000-8000-000000000005', repeat('x', 1001)) $$,
  'VL001', 'text has at most 1000 characters', 'a text too long is refused');

-- Callers
set local session authorization plinth_web;
select throws_ok(
  $$ select {name}('01900000-0000-7000-8000-000000000005', 'hello') $$,
  'UN001', 'Nobody is signed in', 'nobody is refused');
reset session authorization;

select * from finish();
rollback;
"""


def main(arguments: list[str]) -> int:
    rooms = sorted(p.name for p in (ROOT / "db/functions").iterdir() if p.is_dir())
    room, name = (*arguments, "", "")[:2]
    if not re.fullmatch("[a-z]+", room) or not re.fullmatch("[a-z]+(_[a-z]+)+", name):
        print(f"make new room=ROOM fn=verb_noun (rooms: {', '.join(rooms)})", file=sys.stderr)
        return 2
    fields = {"name": name, "path": name.replace("_", "-")}
    made = {
        ROOT / f"db/functions/{room}/{name}.sql": FUNCTION,
        ROOT / f"db/tests/{room}/test_{name}.sql": TEST,
    }
    for path in (*ROOT.glob(f"db/functions/*/{name}.sql"), *made):  # one name is one function
        if path.exists():
            print(f"{path.relative_to(ROOT)} is there already", file=sys.stderr)
            return 1
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**fields), encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
