"""Messages over HTTP: order, branches, edits, and numbers that stay exact however many write."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp

from tests.chat.test_conversations import PATH, begun, said
from tests.conftest import Database, Server
from tests.http_client import Client
from tests.trust.plans import ALICE, watch

WRITERS = 64


def texts(client: Client, conversation: dict[str, Any], query: str = "") -> list[str]:
    answer = client.get(f"{PATH}/{conversation['id']}/messages{query}")
    assert answer.status == 200, answer.body
    return [item["content"] for item in answer.json()["items"]]


def test_in_order_page_by_page(anna: Client) -> None:
    conversation = begun(anna)
    for number in range(5):
        said(anna, conversation, str(number), role="user" if number % 2 == 0 else "assistant")
    assert texts(anna, conversation) == ["4", "3", "2", "1", "0"]
    assert texts(anna, conversation, "?order=asc") == ["0", "1", "2", "3", "4"]
    assert texts(anna, conversation, "?role=assistant") == ["3", "1"]
    page = anna.get(f"{PATH}/{conversation['id']}/messages?limit=2").json()
    assert texts(anna, conversation, f"?limit=2&after={page['next']}") == ["2", "1"]
    path = f"{PATH}/{conversation['id']}/messages/bulk"
    pair = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    answer = anna.post(path, {"messages": pair})
    assert (answer.status, len(answer.json()["items"])) == (201, 2)
    assert texts(anna, conversation, "?limit=2") == ["So.", "Why?"]
    wrong = anna.post(path, {"messages": [*pair, {"role": "robot", "content": "x"}]})
    assert (wrong.status, wrong.json()["errors"][0]["field"]) == (422, "messages[2].role")
    assert len(texts(anna, conversation)) == 7


def test_branches(anna: Client) -> None:
    conversation = begun(anna)
    first, question = said(anna, conversation, "a"), said(anna, conversation, "b")
    said(anna, conversation, "c")
    other = said(anna, conversation, "b1", parent_id=question["id"])
    leaf = said(anna, conversation, "b2", parent_id=other["id"])
    assert texts(anna, conversation, f"?order=asc&branch={leaf['id']}") == ["a", "b", "b1", "b2"]
    assert anna.delete(f"/v1/messages/{question['id']}").status == 204
    assert anna.get(f"/v1/messages/{other['id']}").json()["parent_id"] == first["id"]
    assert texts(anna, conversation, f"?branch={leaf['id']}") == ["b2", "b1", "a"]


def test_long_messages_make_short_pages(anna: Client) -> None:
    """However few there are: nothing is left out, and none comes twice."""
    conversation = begun(anna)
    place = f"{PATH}/{conversation['id']}"
    filler = "lorem ipsum " * 75000
    ids = []
    for number in range(6):
        text = f"{number} sesquipedalian {filler}"
        message = said(anna, conversation, text, prompt_tokens=0, completion_tokens=0)
        ids.append(message["id"])

    def pages(path: str) -> list[list[str]]:
        found, after = [], ""
        while True:
            answer = anna.get(f"{path}{after}")
            assert answer.status == 200, answer.body
            assert len(answer.body) < 4_000_000
            found.append([item["id"] for item in answer.json()["items"]])
            if answer.json()["next"] is None:
                return found
            after = f"&after={answer.json()['next']}"

    for path, order in (
        (f"{place}/messages?limit=200&order=asc", ids),
        (f"{place}/messages?limit=200", ids[::-1]),
        (f"{place}/messages?limit=2", ids[::-1]),
        ("/v1/messages/search?query=sesquipedalian&limit=200&highlight=none&sort=time", ids[::-1]),
    ):
        found = pages(path)
        assert [key for page in found for key in page] == order, path
        assert {len(page) for page in found} <= {2, 3}, path
    ranked = pages("/v1/messages/search?query=sesquipedalian&limit=200")
    assert sorted(key for page in ranked for key in page) == ids
    assert {len(page) for page in ranked} == {3}

    window = anna.get(f"{place}/context?max_tokens=1").json()
    assert (window["messages"], window["left_out"], window["cut_by"]) == ([], 6, "tokens")


def read(plan: dict[str, Any]) -> float:
    """How many messages a plan really read, in all partitions."""
    here = plan["Actual Rows"] * plan["Actual Loops"] if "Relation Name" in plan else 0
    return here + sum(map(read, plan.get("Plans", ())))


def test_a_window_reads_no_more_than_it_has_room_for(database: Database) -> None:
    """Of 60 messages of the main line, or of a branch, 20 fit: one more is read, and no other."""
    with database.connect() as connection:
        said = "select id from api.create_message(%s, %s, 'user', repeat('x', 400000){})"
        talk = connection.execute("select id from api.create_conversation(%s)", [ALICE]).fetchone()
        assert talk
        leaves: list[Any] = []
        for parent in ("", ", p_parent_id => %s"):
            for _ in range(60):
                last = leaves[-1:] if parent else []
                row = connection.execute(said.format(parent).encode(), [ALICE, *talk, *last])
                leaves.append(row.fetchone()[0])  # type: ignore[index]
        heard = watch(connection)
        connection.execute("set auto_explain.log_analyze = on")
        window = "select message_count, cut_by from api.get_context_window(%s, %s, 10000000, %s)"
        for leaf in (leaves[59], leaves[119]):
            heard.clear()
            assert connection.execute(window, [ALICE, *talk, leaf]).fetchone() == (20, "bytes")
            met = [one for one in heard if "branch_ids" in one.text or "v_ids[" in one.text]
            assert sum(read(one.plan) for one in met) == 21


def test_edits_are_kept(anna: Client) -> None:
    conversation = begun(anna)
    message = said(anna, conversation, "frist", completion_tokens=3)
    path = f"/v1/messages/{message['id']}"
    edited = anna.patch(path, {"content": "first", "completion_tokens": 4, "version": 1}).json()
    assert (edited["content"], edited["version"]) == ("first", 2)
    assert anna.patch(path, {"content": "second", "version": 1}).code == "KC002"
    assert [edit["content"] for edit in anna.get(f"{path}/edits").json()["items"]] == ["frist"]
    assert anna.patch(path, {"pinned": True}).json()["pinned"] is True
    assert anna.get(f"{PATH}/{conversation['id']}").json()["completion_tokens"] == 4


def test_one_name_is_one_message(anna: Client) -> None:
    """Eight at once with one body: one message. With two bodies: one is written, its like agree."""
    conversation = begun(anna)
    path = f"{PATH}/{conversation['id']}/messages"
    clients = [Client(anna.port, anna.token) for _ in range(8)]

    def write(number: int, name: str, kinds: int) -> Any:
        content = f"text {number % kinds}"
        return clients[number].post(path, {"role": "user", "content": content, "client_id": name})

    with ThreadPoolExecutor(8) as threads:
        same = list(threads.map(lambda n: write(n, "n-1", 1), range(8)))
        mixed = list(threads.map(lambda n: write(n, "n-2", 2), range(8)))
    assert {answer.status for answer in same} == {201}
    assert len({answer.json()["id"] for answer in same}) == 1
    written = {answer.json()["content"] for answer in mixed if answer.status == 201}
    assert len(written) == 1
    assert {answer.code for answer in mixed if answer.status != 201} == {"KC001"}
    assert sum(answer.status == 201 for answer in mixed) == 4
    assert anna.get(f"{PATH}/{conversation['id']}").json()["message_count"] == 2
    for client in clients:
        client.close()


class Talk:
    """Many who write into one conversation at once, and one who reads along."""

    def __init__(self, server: Server, token: str, conversation: str) -> None:
        self.url = f"{server.url}{PATH}/{conversation}/messages"
        self.messages = f"{server.url}/v1/messages/"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.seen: list[str] = []
        self.writing = True

    async def call(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        """Once more where the service asks for it: the name makes that harmless."""
        for _ in range(50):
            async with self.session.request(method, url, json=body) as answer:
                if answer.status != 503:
                    return answer.status, await answer.json(content_type=None)
                await answer.read()
        raise AssertionError(f"{method} {url}: unavailable")

    async def write(self, writer: int) -> None:
        for number in range(4):
            body = {"role": "user", "content": "x", "prompt_tokens": writer, "completion_tokens": 1}
            name = {"client_id": f"{writer}-{number}"}
            status, message = await self.call("POST", self.url, body | name)
            assert status == 201, message
            path = self.messages + message["id"]
            if number == 1:
                assert (await self.call("PATCH", path, {"completion_tokens": 5}))[0] == 200
            elif number == 2:
                assert (await self.call("PATCH", path, {"content": "y"}))[0] == 200

    async def follow(self) -> None:
        """Reads on from the last message seen, until nobody writes and nothing comes."""
        done = False
        while not done:
            done = not self.writing
            after = f"&after={self.seen[-1]}" if self.seen else ""
            status, page = await self.call("GET", f"{self.url}?order=asc&limit=20{after}")
            assert status == 200, page
            self.seen += [item["id"] for item in page["items"]]
            done = done and not page["items"]

    async def all(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=self.headers) as self.session:
            reading = asyncio.create_task(self.follow())
            await asyncio.gather(*(self.write(writer) for writer in range(WRITERS)))
            self.writing = False
            await reading


def test_sixty_four_writers(anna: Client, workshop: Server, workshop_database: Database) -> None:
    """The numbers equal a recount, and who reads along in order misses no message."""
    conversation = begun(anna)
    talk = Talk(workshop, str(anna.token), conversation["id"])
    asyncio.run(talk.all())
    ids = talk.seen
    assert len(ids) == 4 * WRITERS
    assert ids == sorted(set(ids))

    gone = ids[-1:] + ids[:3]
    with ThreadPoolExecutor(4) as threads:
        clients = [Client(anna.port, anna.token) for _ in gone]
        calls = [(c, f"/v1/messages/{g}") for c, g in zip(clients, gone, strict=True)]
        assert {a.status for a in threads.map(lambda c: c[0].delete(c[1]), calls)} == {204}
    for client in clients:
        client.close()
    shown = anna.get(f"{PATH}/{conversation['id']}").json()
    with workshop_database.connect() as connection:
        counted = connection.execute(
            "select count(*), sum(prompt_tokens), sum(completion_tokens), max(id::text)"
            "  from chat.messages where conversation_id = %s",
            [conversation["id"]],
        ).fetchone()
    names = ("message_count", "prompt_tokens", "completion_tokens", "last_message_id")
    assert counted == tuple(shown[name] for name in names)
    assert shown["message_count"] == 4 * WRITERS - len(gone)
