# SPDX-License-Identifier: EUPL-1.2
"""Reads rules/mail-language.yaml and rules/mail-machines.yaml into core.language.Language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flaggermail.core.language import KEYS, Language, folded, merged
from flaggermail.core.machine_words import MACHINE_KEYS, machine_words
from flaggermail.errors import ConfigurationError

FILE_NAME = "mail-language.yaml"
MACHINES_FILE_NAME = "mail-machines.yaml"

Table = dict[str, list[str]]


def read_language(rules: Path) -> Language:
    """The words in the files `mail-language.yaml` and `mail-machines.yaml` of the folder `rules`.

    Raises ConfigurationError with one line for each fault.
    """
    tables = _tables(rules / FILE_NAME, KEYS)
    machines = _tables(rules / MACHINES_FILE_NAME, MACHINE_KEYS)
    plain = ({key: [folded(value) for value in values] for key, values in table.items()} for table in machines)
    return merged(tables, machine_words(plain))


def _tables(path: Path, keys: Sequence[str]) -> list[Table]:
    """The checked lists of each language in the file at `path`."""
    try:
        content: object = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigurationError(f"{where} {fault.problem or 'no YAML'}; YAML 1.2 would be right") from fault
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        raise ConfigurationError(f"{path} cannot be read: {fault}") from fault
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} holds no languages; one block a language would be right")
    faults: list[str] = []
    tables = [_words(path, str(name), block, keys, faults) for name, block in content.items()]
    if faults:
        raise ConfigurationError(*faults)
    return tables


def _words(path: Path, name: str, block: object, keys: Sequence[str], faults: list[str]) -> Table:
    """The checked lists of one language; each fault goes to `faults`."""
    words: Table = {}
    if not isinstance(block, dict):
        faults.append(f"{path} {name}: no block; keys with lists of words would be right")
        return words
    for key, values in block.items():
        if key not in keys:
            faults.append(f"{path} {name}.{key}: unknown key; one of {', '.join(keys)} would be right")
        elif not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
            faults.append(f"{path} {name}.{key}: not a list of words; [word, two words] would be right")
        else:
            words[key] = list(values)
    return words
