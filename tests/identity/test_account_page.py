"""The page that the links of mails lead to knows each of them, and calls routes that are there."""

import re

from tests.conftest import Database, Server


def test_every_link_of_a_mail_has_its_task_on_the_page(server: Server) -> None:
    client = server.client()
    assert client.get("/account").status == 200
    script = client.get("/static/account.js").body.decode()
    tasks = set(re.findall(r'^  "([a-z-]+)": \{$', script, re.M))
    assert tasks == linked(server.database)
    calls = set(re.findall(r'call\("(\w+)", "(/[^"]+)"', script))
    assert len(calls) >= len(tasks)
    with server.database.connect() as connection:
        routes = connection.execute("select method, path from http.routes")
        assert calls <= set(routes.fetchall())


def linked(database: Database) -> set[str]:
    found = (
        "select array_agg(distinct m[1]) from ops.mail_texts,"
        r" regexp_matches(body, '\{public_url\}/account#([a-z-]+)', 'g') m"
    )
    return set(database.value(found))
