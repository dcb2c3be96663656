"""Teams and grants over HTTP: who is let in, who sees what, and how soon that ends."""

import pytest

from tests.conftest import Database, Serve, Server, until
from tests.http_client import Client
from tests.identity.mailbox import Mailbox, link
from tests.people import all_loaded, plant

NOTES = """
create table auth.notes (
  user_id uuid not null, id uuid not null default base.new_id(), title text not null,
  constraint notes_pkey primary key (user_id, id)
);
create index notes_id_idx on auth.notes (id);
alter table auth.notes enable row level security;
alter table auth.notes force row level security;
insert into auth.resource_types (name, schema_name, table_name, description)
values ('note', 'auth', 'notes', 'planted');
create policy own_and_granted_read on auth.notes for select to plinth_owner
  using (case when user_id = (select base.current_user_id()) then true
              else id = any ((select auth.granted_ids('note', 'read'))::uuid[]) end);
create policy own_insert on auth.notes for insert to plinth_owner
  with check (user_id = (select base.current_user_id()));
create policy own_and_granted_update on auth.notes for update to plinth_owner
  using (case when user_id = (select base.current_user_id()) then true
              else id = any ((select auth.granted_ids('note', 'write'))::uuid[]) end);
create trigger _200_end_grants after delete on auth.notes
  for each row execute function auth.tg__end_grants('note', 'id');
create trigger _900_touch_tag after insert or update or delete on auth.notes
  for each row execute function base.tg__touch_tag('notes', 'user_id');
create trigger _910_touch_granted after update or delete on auth.notes
  for each row execute function auth.tg__touch_granted('note', 'id', 'notes');

create function api.create_note(p_user_id uuid, p_title text) returns setof auth.notes
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query insert into auth.notes (user_id, title) values (p_user_id, p_title) returning *;
end $$;
create function api.get_note(p_user_id uuid, p_note_id uuid) returns setof auth.notes
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select n.* from auth.notes n where n.id = p_note_id;
end $$;
create function api.update_note(p_user_id uuid, p_note_id uuid, p_title text)
returns setof auth.notes
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query update auth.notes n set title = p_title where n.id = p_note_id returning n.*;
end $$;
grant execute on function api.create_note(uuid, text), api.get_note(uuid, uuid),
  api.update_note(uuid, uuid, text) to plinth_web;
select http.expose('POST /v1/notes', 'api.create_note', status => 201);
select http.expose('GET /v1/notes/{note_id}', 'api.get_note', cache => 300, tags => '{notes}');
select http.expose('PATCH /v1/notes/{note_id}', 'api.update_note');
"""
MISSING = "019e0000-0000-7000-8000-0000000000ff"


def people(server: Server, *logins: str) -> list[Client]:
    clients = [server.client() for _ in logins]
    for client, login in zip(clients, logins, strict=True):
        assert client.sign_in(login).status == 201
    return clients


def test_an_invitation_binds_to_its_address(serve: Serve, mailbox: Mailbox) -> None:
    server = serve(PLINTH_SMTP_URL=mailbox.url, PLINTH_MAIL_FROM="plinth@example.org")
    alice, bob, testuser = people(server, "alice", "bob", "testuser")
    team = alice.post("/v1/teams", {"name": "Kitchen"}).json()
    assert (team["role"], team["members"]) == ("owner", 1)
    url = f"/v1/teams/{team['id']}"

    invitations = [
        alice.post(f"{url}/invitations", {"email": email}, x_request_id="same")
        for email in ("bob@example.org", "nobody-at-all@example.org")
    ]
    # Neither the answers nor their heads tell which of them has an account.
    assert {a.status for a in invitations} == {201}, invitations[0].body
    assert len({tuple(a.json()) for a in invitations}) == 1
    waiting = alice.get(f"{url}/invitations").json()["items"]
    assert [i["email"] for i in waiting] == ["nobody-at-all@example.org", "bob@example.org"]

    token = link(mailbox.wait("bob@example.org"), "invitation")
    assert testuser.post("/v1/invitations", {"token": token}).code == "NP001"
    joined = bob.post("/v1/invitations", {"token": token})
    assert joined.status == 200, joined.body
    assert (joined.json()["name"], joined.json()["role"]) == ("Kitchen", "member")
    assert bob.post("/v1/invitations", {"token": token}).code == "VL004"
    members = bob.get(f"{url}/members").json()["items"]
    assert {m["username"]: m["role"] for m in members} == {"alice": "owner", "bob": "member"}

    other = link(mailbox.wait("nobody-at-all@example.org"), "invitation")
    assert server.client().post("/v1/invitations/decline", {"token": other}).status == 204
    assert alice.get(f"{url}/invitations").json()["items"] == []


def test_a_team_is_not_there_for_who_is_not_in_it(server: Server) -> None:
    alice, bob, testuser = people(server, "alice", "bob", "testuser")
    ids = {c: c.get("/v1/me").json()["id"] for c in (alice, bob, testuser)}
    team = alice.post("/v1/teams", {"name": "Kitchen"}).json()["id"]
    server.database.value("select api.assign_role('alice', 'administrator')")  # adds unasked
    ways = [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("POST", "/members", {"username": "bob"}),
        ("PATCH", f"/members/{ids[alice]}", {"role": "member"}),
        ("DELETE", f"/members/{ids[alice]}", None),
        ("DELETE", "/membership", None),
        ("POST", "/transfer", {"member_id": ids[alice]}),
        ("GET", "/invitations", None),
        ("POST", "/invitations", {"email": "x@example.org"}),
        ("DELETE", f"/invitations/{MISSING}", None),
    ]
    same = {"X-Request-Id": "same"}
    for method, way, body in ways:
        there, missing = (
            testuser.request(method, f"/v1/teams/{i}{way}", body, same) for i in (team, MISSING)
        )
        assert there.status == 404, (method, way, there.body)
        assert there.body == missing.body, (method, way)
    assert testuser.get("/v1/teams").json()["items"] == []

    add = alice.post(f"/v1/teams/{team}/members", {"username": "bob"})
    assert add.status == 204, add.body
    for method, way, body in ways:
        if method != "GET" and way != "/membership":
            assert bob.request(method, f"/v1/teams/{team}{way}", body).code == "NP001", way

    assert alice.delete(f"/v1/teams/{team}/membership").code == "KC003"
    moved = alice.post(f"/v1/teams/{team}/transfer", {"member_id": ids[bob]})
    assert moved.status == 204, moved.body
    assert bob.get(f"/v1/teams/{team}").json()["role"] == "owner"
    assert alice.delete(f"/v1/teams/{team}/membership").status == 204
    assert alice.get(f"/v1/teams/{team}").code == "NF001"


@pytest.fixture
def noted(serve: Serve, database: Database) -> Server:
    plant(database, NOTES)
    server = serve(workers=2)
    until(lambda: all_loaded(server, 2), 10)
    return server


def test_a_right_counts_and_ends_with_the_next_call(noted: Server) -> None:
    """Also where what it showed is kept, and in every worker."""
    alice, bob = people(noted, "alice", "bob")
    seats = [noted.client() for _ in range(6)]
    for seat in seats:
        seat.token = bob.token
    team = alice.post("/v1/teams", {"name": "Readers"}).json()["id"]
    noted.database.value("select api.assign_role('alice', 'administrator')")  # adds unasked
    bob_id = bob.get("/v1/me").json()["id"]
    assert alice.post(f"/v1/teams/{team}/members", {"username": "bob"}).status == 204
    note = alice.post("/v1/notes", {"title": "soup"}).json()["id"]
    thing = {"resource_type": "note", "resource_id": note}

    def told() -> set[str]:
        answers = [seat.get(f"/v1/notes/{note}") for seat in seats * 2]
        return {a.json()["title"] if a.status == 200 else a.code for a in answers}

    def give(**more: str) -> str:
        given = alice.post("/v1/grants", thing | more)
        assert given.status == 201, given.body
        return str(given.json()["id"])

    assert told() == {"NF001"}
    for _ in range(3):
        to_bob = give(right="read", username="bob")
        assert told() == {"soup"}
        assert {seat.get(f"/v1/notes/{note}").headers["x-cache"] for seat in seats} == {"hit"}
        # What its owner writes, who was given a right reads.
        assert alice.patch(f"/v1/notes/{note}", {"title": "stew"}).status == 200
        assert told() == {"stew"}
        assert bob.patch(f"/v1/notes/{note}", {"title": "mine"}).code == "NF001"
        assert alice.delete(f"/v1/grants/{to_bob}").status == 204
        assert told() == {"NF001"}

        to_team = give(right="write", team_id=team)
        assert told() == {"stew"}
        assert bob.patch(f"/v1/notes/{note}", {"title": "soup"}).status == 200
        assert alice.get(f"/v1/notes/{note}").json()["title"] == "soup"
        assert alice.delete(f"/v1/teams/{team}/members/{bob_id}").status == 204
        assert told() == {"NF001"}
        assert alice.post(f"/v1/teams/{team}/members", {"username": "bob"}).status == 204
        assert told() == {"soup"}
        assert alice.delete(f"/v1/grants/{to_team}").status == 204
        assert told() == {"NF001"}

    assert bob.post("/v1/grants", thing | {"right": "read", "username": "testuser"}).code == "NF001"
    give(right="admin", username="bob")
    listed = bob.get("/v1/grants").json()["items"]
    assert [(g["resource_id"], g["right"]) for g in listed] == [(note, "admin")]
    assert bob.post("/v1/grants", thing | {"right": "read", "username": "testuser"}).status == 201
    on_it = alice.get(f"/v1/grants?resource_type=note&resource_id={note}").json()["items"]
    assert len(on_it) == 2
