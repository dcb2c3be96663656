"""Calls that really run, so that plans can be compared with what PostgreSQL does."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

from tests.trust.plans import ALICE

_ADMIN = "01900000-0000-7000-8000-000000000001"
# With these, a call goes through to its end. {names} are ids of what there is; all other functions
# are called with made-up arguments, and what writes is soon refused.
_SURE: dict[str, dict[str, Any]] = {
    "api.add_plan_steps": {"plan_id": "{plan}", "steps": [{"skill": "skill7"}]},
    "api.archive_conversation": {"conversation_id": "{conversation}"},
    "api.archive_flag": {"key": "flag7"},
    "api.assign_role": {"id": "{other}", "role": "developer"},
    "api.cancel_plan": {"plan_id": "{plan}"},
    "api.change_email": {"email": "elsewhere@example.org", "password": "Dev@12345"},
    "api.change_password": {"current_password": "Dev@12345",
                            "new_password": "quite another one 4711"},
    "api.claim_plan_steps": {"plan_id": "{plan}"},
    "api.create_api_key": {"name": "new", "scopes": ["self:read"]},
    "api.create_conversation": {"title": "New", "client_id": "mine"},
    "api.create_message": {"conversation_id": "{conversation}", "role": "user", "content": "x",
                           "parent_id": "{message}", "client_id": "mine", "pinned": True},
    "api.create_messages": {"conversation_id": "{conversation}",
                            "messages": [{"role": "user", "content": "x"}]},
    "api.create_flag": {"key": "new_flag", "prerequisites": ["flag7"]},
    "api.create_plan": {"goal": "Get there", "steps": [{"skill": "skill7"}], "start": True},
    "api.create_role": {"name": "painter", "description": "Paints", "permissions": ["self:read"]},
    "api.create_session": {"login": "alice", "password": "Dev@12345"},
    "api.create_team": {"name": "Another team"},
    "api.create_user": {"username": "newcomer", "email": "newcomer@example.org",
                        "password": "a long enough one 4711"},
    "api.create_users": {"users": [{"username": "imported", "email": "imported@example.org"}]},
    "api.delete_plan": {"plan_id": "{ended}"},
    "api.delete_conversation": {"conversation_id": "{conversation}"},
    "api.delete_message": {"message_id": "{message}"},
    "api.delete_team": {"team_id": "{team}"},
    "api.delete_user": {"id": "{other}"},
    "api.end_all_sessions": {},
    "api.end_session": {"session_id": "{session}"},
    "api.finish_function_execution": {"execution_id": "{run}", "status": "succeeded"},
    "api.get_flag": {"key": "flag7"},
    "api.get_flag_details": {"key": "flag7"},
    "api.get_function_execution": {"execution_id": "{run}"},
    "api.get_plan": {"plan_id": "{plan}"},
    "api.get_ready_steps": {"plan_id": "{plan}"},
    "api.get_skill": {"name": "skill7"},
    "api.erase_conversation": {"conversation_id": "{conversation}"},
    "api.get_context_window": {"conversation_id": "{conversation}", "leaf": "{message}"},
    "api.get_conversation": {"conversation_id": "{conversation}"},
    "api.get_message": {"message_id": "{message}"},
    "api.get_messages": {"conversation_id": "{conversation}"},
    "api.get_team": {"team_id": "{team}"},
    "api.get_user_conversations": {"metadata": {"n": 1}, "title": "conversation"},
    "api.import_conversations": {"items": [
        {"type": "conversation", "client_id": "imported"},
        {"type": "message", "client_id": "new", "conversation": "imported", "role": "user",
         "content": "hello", "version": 2, "pinned": True},
        {"type": "edit", "message": "new", "version": 1, "content": "helo"},
        {"type": "summary", "conversation": "imported", "summary": "a word", "until": "new"}]},
    "api.invite_to_team": {"team_id": "{team}", "email": "guest@example.com"},
    "api.list_audit": {"user": ALICE},
    "api.list_function_executions": {"name": "skill7"},
    "api.list_plan_steps": {"plan_id": "{plan}"},
    "api.list_skill_versions": {"name": "skill7"},
    "api.list_flag_history": {"key": "flag7"},
    "api.list_invitations": {"team_id": "{team}"},
    "api.list_message_edits": {"message_id": "{message}"},
    "api.list_team_members": {"team_id": "{team}"},
    "api.list_user_flags": {"id": ALICE},
    "api.list_users": {"search": "user77", "sort": "username"},
    "api.record_usages": {"events": [{"model": "m", "tokens_in": 1, "event_id": "e 1"}]},
    "api.register_skill": {"name": "Echo", "description": "Echoes",
                           "parameters": {"type": "object"}},
    "api.remove_team_member": {"team_id": "{team}", "member_id": "{member}"},
    "api.restore_conversation": {"conversation_id": "{conversation}"},
    "api.restore_user": {"id": "{deleted}"},
    "api.revoke_api_key": {"key_id": "{key}"},
    "api.rotate_api_key": {"key_id": "{key}"},
    "api.set_conversation_summary": {"conversation_id": "{conversation}", "summary": "a word",
                                     "until": "{message}"},
    "api.set_provider_key": {"provider": "example", "secret": "sk-0123456789abcdef"},
    "api.set_route_limit": {"route": "GET /v1/me", "requests_per_minute": 7},
    "api.set_skill_enabled": {"name": "skill7", "enabled": False},
    "api.set_tier_limit": {"tier": "free", "factor": 2},
    "api.start_function_execution": {"name": "skill7"},
    "api.start_plan": {"plan_id": "{plan}"},
    "api.start_plan_step": {"plan_id": "{plan}", "step": 1},
    "api.step_up_session": {"password": "Dev@12345"},
    "api.transfer_team": {"team_id": "{team}", "member_id": "{member}"},
    "api.unassign_role": {"id": "{other}", "role": "user"},
    "api.update_api_key": {"key_id": "{key}", "name": "renamed"},
    "api.update_conversation": {"conversation_id": "{conversation}", "title": "Other"},
    "api.update_current_user": {"username": "alice2", "bio": "changed"},
    "api.update_flag": {"key": "flag7", "enabled": True, "reason": "a try"},
    "api.update_message": {"message_id": "{message}", "content": "other", "pinned": True},
    "api.update_preferences": {"preferences": {"theme": "dark"}},
    "api.update_role": {"name": "user", "description": "changed"},
    "api.update_skill": {"name": "skill7", "tags": ["new"]},
    "api.update_team": {"team_id": "{team}", "name": "Renamed"},
    "api.update_team_member": {"team_id": "{team}", "member_id": "{member}", "role": "admin"},
    "api.update_user": {"id": "{other}", "status": "suspended"},
    "api.update_users": {"users": [{"id": "{other}", "tier": "pro"}]},
}  # fmt: skip
_IDS = """
    with mine as (
      select t.id from auth.teams t where t.created_by = %(alice)s order by t.id limit 1)
    select 'team', id::text from mine
     union all
    select 'member', m.user_id::text from auth.team_members m join mine on mine.id = m.team_id
     where m.user_id <> %(alice)s
     union all
    (select 'session', s.id::text from auth.sessions s
      where s.user_id = %(alice)s and s.ended_at is null limit 1)
     union all
    (select 'key', k.id::text from auth.api_keys k
      where k.user_id = %(alice)s and k.revoked_at is null limit 1)
     union all
    (select 'plan', p.id::text from chat.planner_executions p
      where p.user_id = %(alice)s and p.status = 'running' limit 1)
     union all
    (select 'ended', p.id::text from chat.planner_executions p
      where p.user_id = %(alice)s and p.status = 'succeeded' limit 1)
     union all
    (select 'run', e.id::text from chat.function_executions e
      where e.user_id = %(alice)s and e.status = 'running' limit 1)
     union all
    select x.name, x.id::text
      from (select m.id as message, m.conversation_id as conversation from chat.messages m
             where m.user_id = %(alice)s order by m.id limit 1) m
     cross join lateral (
       values ('message', m.message), ('conversation', m.conversation)) x (name, id)
     union all
    select 'other', u.id::text from auth.users u where u.username = 'user77'
     union all
    select 'deleted', u.id::text from auth.users u where u.username = 'user100'
"""


class Call(NamedTuple):
    route: str
    function: str
    given: dict[str, Any]
    sure: bool
    caller: str
    reads: bool
    statement: str
    values: dict[str, Any]


def calls(
    connection: psycopg.Connection[Any], endpoints: dict[str, tuple[str, dict[str, Any]]]
) -> Iterator[Call]:
    """One for each endpoint, by alice or, where only they may, by an administrator."""
    ids = connection.execute(_IDS, {"alice": ALICE}).fetchall()
    sure = json.dumps(_SURE)
    for name, id_ in ids:
        sure = sure.replace("{" + name + "}", id_)
    for route, (function, made_up) in endpoints.items():
        row = connection.execute(
            "select 'p_user_id' = any (p.proargnames), p.provolatile <> 'v', r.permission,"
            "       array(select row(a.name, a.type) from http.arguments(p.oid) a)"
            "  from http.routes r join pg_proc p on p.oid = r.function_name::regproc"
            " where r.method || ' ' || r.path = %s",
            [route],
        ).fetchone()
        assert row
        by_user, reads, permission, arguments = row
        given = json.loads(sure).get(function, made_up)
        caller = ALICE if by_user else _ADMIN if permission else ""
        listed = ["p_user_id => %(caller)s"] if by_user else []
        listed += [f"p_{name} => %({name})s::{type_}" for name, type_ in arguments if name in given]
        statement = f"select * from {function}({', '.join(listed)})"
        values = {"caller": caller} | {
            name: json.dumps(given[name]) if type_ == "jsonb" else given[name]
            for name, type_ in arguments if name in given
        }  # fmt: skip
        if function != "api.explain_endpoint":
            yield Call(route, function, given, function in _SURE, caller, reads, statement, values)


def really(connection: psycopg.Connection[Any], call: Call) -> str:
    """Runs it; what only reads often enough for PostgreSQL to try one plan for all values."""
    connection.execute(
        "select set_config('plinth.caller', %s, true),"
        "       set_config('plinth.context', s.id || %s, true)"
        "  from auth.sessions s where s.user_id = %s and s.ended_at is null limit 1",
        [call.caller, 3 * "\x1f", ALICE],
    )
    for _ in range(7 if call.reads else 1):
        try:
            with connection.transaction():
                connection.execute(call.statement.encode(), call.values)
        except psycopg.Error as error:
            return str(error)
    return ""
