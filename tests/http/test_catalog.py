"""The catalog as the layer reads it, which during a deploy may be of another version than it."""

import json

from pyapp.routes import Registry
from tests.conftest import Database


def test_a_catalog_older_or_newer_than_the_layer_is_read(shared_database: Database) -> None:
    with shared_database.connect() as connection:
        row = connection.execute("select http.catalog()::text").fetchone()
    assert row is not None
    told = json.loads(row[0])
    older, newer = json.loads(row[0]), json.loads(row[0])
    for route in older["routes"]:
        for argument in route["arguments"]:
            argument.pop("element", None)
            argument.pop("rule", None)
    for route in newer["routes"]:
        route["unheard_of"] = 1
        for argument in route["arguments"]:
            argument["unheard_of"] = 1
    paths = {route["path"] for route in told["routes"] if "{" not in route["path"]}
    assert paths
    for catalog in (older, newer):
        registry = Registry(json.dumps(catalog).encode())
        assert all(registry.find(path)[0] for path in paths)
