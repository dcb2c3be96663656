"""Writes db/schema/115_common_passwords.sql from the package zxcvbn: make common-passwords.

They are rows of a reference table, and so they are part of the schema: a new edition of the package
means a migration, as with every other row of that kind.
"""

import textwrap
from importlib.metadata import version
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

SHORTEST = 8  # no rule accepts anything shorter, so there is nothing to look up
PATH = Path(__file__).resolve().parent.parent / "db/schema/115_common_passwords.sql"

TEXT = """\
-- auth: passwords that everybody tries first. Written by make common-passwords; not edited by hand.
-- From the package zxcvbn {version}, list "passwords", those of {shortest} characters and more.
-- Copyright (c) 2016 Daniel Wolf, under the MIT License.

create table auth.common_passwords (
  value text collate "C" not null,
  constraint common_passwords_pkey primary key (value),
  constraint common_passwords_value_check
    check (value = lower(value) and length(value) >= {shortest})
);

comment on table auth.common_passwords is 'Passwords so frequent that they are tried first';
comment on column auth.common_passwords.value is 'In lower case';

grant select on auth.common_passwords to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'common_passwords', 'reference', 'the same list everywhere');

insert into auth.common_passwords (value)
select string_to_table(btrim(translate('
{passwords}
', E'\\n', ' ')), ' ');
"""


def passwords() -> list[str]:
    return sorted({word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST})


def text() -> str:
    words = passwords()
    assert not any(set(word) & set(" \n\t'\\") for word in words)
    wrapped = textwrap.fill(" ".join(words), 120, break_long_words=False, break_on_hyphens=False)
    return TEXT.format(version=version("zxcvbn"), shortest=SHORTEST, passwords=wrapped)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(PATH)
