# SPDX-License-Identifier: EUPL-1.2
"""Reads rules/mail-language.yaml into core.language.Language."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flaggermail.core.language import KEYS, Language, merged
from flaggermail.errors import ConfigurationError

FILE_NAME = "mail-language.yaml"


def read_language(rules: Path) -> Language:
    """The words in the file `mail-language.yaml` of the folder `rules`.

    Raises ConfigurationError with one line for each fault.
    """
    path = rules / FILE_NAME
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
    tables = [_words(path, str(name), block, faults) for name, block in content.items()]
    if faults:
        raise ConfigurationError(*faults)
    return merged(tables)


def _words(path: Path, name: str, block: object, faults: list[str]) -> dict[str, list[str]]:
    """The checked lists of one language; each fault goes to `faults`."""
    words: dict[str, list[str]] = {}
    if not isinstance(block, dict):
        faults.append(f"{path} {name}: no block; keys with lists of words would be right")
        return words
    for key, values in block.items():
        if key not in KEYS:
            faults.append(f"{path} {name}.{key}: unknown key; one of {', '.join(KEYS)} would be right")
        elif not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
            faults.append(f"{path} {name}.{key}: not a list of words; [word, two words] would be right")
        else:
            words[key] = list(values)
    return words
