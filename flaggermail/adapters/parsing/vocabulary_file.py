# SPDX-License-Identifier: EUPL-1.2
"""Reads rules/mail-language.yaml and rules/mail-machines.yaml into mail.vocabulary.Language.

A YAML reader written in Python needs more time for their 90 kB than a command may take. A file in the shipped form
(`block:`, then `  key: [word, "two words"]`, with line breaks between words) is therefore read with regular
expressions. Any other file, and one with a fault, is read by `yaml_files.source`, which knows all of YAML and locates
every fault. Both give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.errors import ConfigurationError
from flaggermail.mail.machine_words import MACHINE_KEYS, machine_words
from flaggermail.mail.vocabulary import KEYS, Language, folded, merged

if TYPE_CHECKING:
    from flaggermail.settings.yaml_files.source import FileFault, YamlSource

FILE_NAME = "mail-language.yaml"
MACHINES_FILE_NAME = "mail-machines.yaml"

Table = dict[str, list[str]]

# A word in a list (YAML 1.2.2, sections 7.3 and 7.4): quoted without escapes, or plain and certainly text, without
# characters of special meaning and without anything that could be a number, an instant or a truth value.
# Possessive quantifiers avoid backtracking, so that a faulty file is rejected as fast as a correct one is read.
_QUOTED = r"""(?:"(?!\s*")[^"\\\n]*+"|'(?!\s*')[^'\n]*+')"""
_PLAIN = r"(?!(?:[Nn]ull|[Tt]rue|[Ff]alse|NULL|TRUE|FALSE)\s*[],])(?:[^\W\d_]|-(?=[^\W\d_]))[^][{},:#\n]*+"
_WORD = f"(?:{_QUOTED}|{_PLAIN})"
_WORDS = re.compile(_WORD)
_COMMENTS = r"(?:[ ]*(?:#[^\n]*)?\n)*"
_NAME = r"[a-z]+(?:-[a-z]+)*"
_BLOCK = rf"""(?P<block>{_NAME}|"{_NAME}"):[ ]*\n"""
_LIST = rf"[ ]{{2}}(?P<key>[a-z_]+):(?:[ ]+|[ ]*\n[ ]{{3,}})\[(?P<words>\s*{_WORD}(?:\s*,\s*{_WORD})*+\s*)\][ ]*\n"
_LINES = re.compile(f"{_COMMENTS}(?:{_BLOCK}|{_LIST})")
_REST = re.compile(_COMMENTS)
# Tabs, other line breaks, control characters: the shipped files have none.
_UNUSUAL = re.compile("[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_language(rules: Path) -> Language:
    """Returns the vocabulary of `mail-language.yaml` and `mail-machines.yaml` in the folder `rules`.

    Raises ConfigurationError with one line per fault in either file: `folder/file:line:column key: what is wrong`.
    """
    faults: list[FileFault] = []
    tables = _tables(rules / FILE_NAME, KEYS, faults)
    machines = _tables(rules / MACHINES_FILE_NAME, MACHINE_KEYS, faults)
    if faults:
        raise ConfigurationError(*map(str, sorted(faults)))
    plain = ({key: [folded(value) for value in values] for key, values in table.items()} for table in machines)
    return merged(tables, machine_words(plain))


def _tables(path: Path, keys: Sequence[str], faults: list[FileFault]) -> list[Table]:
    """Returns the lists of each language in the file at `path`; appends faults to `faults`."""
    tables = as_shipped(path, keys)
    if tables is not None:
        return tables
    from flaggermail.settings.yaml_files.source import read  # noqa: PLC0415 - slow to import, often not needed

    source = read(path, f"{path.parent.name}/{path.name}")
    tables = list(checked(source, keys))
    faults += source.faults
    return tables


def as_shipped(path: Path, keys: Sequence[str]) -> list[Table] | None:
    """Returns the lists of a file that has the shipped form and no fault; None for any other file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    blocks: dict[str, Table] = {}
    table: Table | None = None
    end = 0
    if _UNUSUAL.search(text):
        return None
    while line := _LINES.match(text, end):
        end = line.end()
        block, key, words = line.group("block", "key", "words")
        if block is not None and block not in blocks and table != {}:
            table = blocks[block] = {}
        elif block is None and table is not None and key in keys and key not in table:
            table[key] = [_unquoted(word) for word in _WORDS.findall(words)]
        else:
            return None
    return list(blocks.values()) if table and _REST.fullmatch(text, end) else None


def _unquoted(word: str) -> str:
    return word[1:-1] if word[0] in "\"'" else word.rstrip(" ")


def checked(source: YamlSource, keys: Sequence[str]) -> Iterator[Table]:
    """Yields the lists of each language in `source`; appends faults to its faults."""
    for name, block in source.values.items():
        if not isinstance(block, dict):
            source.faults.append(source.fault((name,), "is no block; write lines of the form `key: [word, two words]`"))
            continue
        table: Table = {}
        for key, values in block.items():
            if key not in keys:
                source.faults.append(source.fault((name, key), f"is no key here; write one of {', '.join(keys)}"))
            elif not isinstance(values, list):
                source.faults.append(source.fault((name, key), "is no list; write [word, two words]"))
            else:
                table[key] = [value for value in values if isinstance(value, str) and value.strip()]
                wrong = (at for at, value in enumerate(values) if not (isinstance(value, str) and value.strip()))
                source.faults += [
                    source.fault((name, key, at), "is no word; write text, in quotes if it is a number") for at in wrong
                ]
        yield table
