# SPDX-License-Identifier: EUPL-1.2
"""Loads one YAML 1.2 file as a frozen model; reports each fault as `folder/file:line:column key: what is wrong`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from flaggermail.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)


def read_model(path: Path, model: type[M]) -> M:
    """Loads the file as a `model`. Raises ConfigurationError with every fault in it."""
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        content: object = YAML(typ="rt").load(text)
    except OSError as error:
        raise ConfigurationError(f"{name}:1:1: cannot be read ({error.strerror}); this file has to be there") from error
    except UnicodeDecodeError as error:
        place = _after(error.object[: error.start].decode("utf-8"))
        raise ConfigurationError(f"{name}:{place}: is not UTF-8; save the file in that encoding") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigurationError(f"{name}:{place}: no YAML: {error.problem}") from error
    except ReaderError as error:
        raise ConfigurationError(f"{name}:{_after(text[: error.position])}: a control character; remove it") from error
    except YAMLError as error:
        raise ConfigurationError(f"{name}:1:1: no YAML: {' '.join(str(error).split())}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(
            *(
                f"{name}:{_position(content, fault['loc'])} {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
                for fault in error.errors(include_url=False)
            )
        ) from error


def _after(text: str) -> str:
    """Returns `line:column`, from 1, of the character after `text`."""
    return f"{text.count(chr(10)) + 1}:{len(text) - text.rfind(chr(10))}"


def _position(content: object, path: tuple[int | str, ...]) -> str:
    """Returns `line:column`, from 1, of the value at `path`, or of the nearest one above it that exists."""
    line, column = 0, 0
    for key in path:
        if isinstance(content, CommentedMap) and key in content:
            line, column = content.lc.key(key)
        elif isinstance(content, CommentedSeq) and isinstance(key, int) and key < len(content):
            line, column = content.lc.item(key)
        else:
            break
        content = content[key]
    return f"{line + 1}:{column + 1}"
