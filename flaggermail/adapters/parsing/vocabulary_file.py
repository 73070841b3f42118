# SPDX-License-Identifier: EUPL-1.2
"""Reads rules/mail-language.yaml and rules/mail-machines.yaml into mail.vocabulary.Language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.mail.machine_words import MACHINE_KEYS, MachineWords
from flaggermail.mail.vocabulary import KEYS, Language, folded
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, read

FILE_NAME = "mail-language.yaml"
MACHINES_FILE_NAME = "mail-machines.yaml"

Table = dict[str, list[str]]


def read_language(rules: Path) -> Language:
    """Returns the vocabulary of `mail-language.yaml` and `mail-machines.yaml` in the folder `rules`.

    Raises ConfigurationError with one line per fault in either file: `folder/file:line:column key: what is wrong`.
    """
    faults: list[FileFault] = []
    words = _words(rules / FILE_NAME, KEYS, faults)
    machines = _words(rules / MACHINES_FILE_NAME, MACHINE_KEYS, faults)
    if faults:
        raise ConfigurationError(*map(str, sorted(faults)))
    return Language(words, MachineWords(machines))


def _words(path: Path, keys: Sequence[str], faults: list[FileFault]) -> Table:
    """Returns the folded lists of all languages in the file at `path`; appends faults to `faults`."""
    source = read(path, f"{path.parent.name}/{path.name}")
    tables = list(checked(source, keys))
    faults += source.faults
    return {key: [folded(word) for table in tables for word in table.get(key, ())] for key in keys}


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
