# SPDX-License-Identifier: EUPL-1.2
"""A pseudo-language made of English, in which every letter bears an accent: `python -m tests.tools.pseudo FOLDER`.

What a reader of it still sees in plain letters is in no catalogue and in no template. A command, an option, an address
and the name of a file are the same in every language, and stay as they are.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment
from ruamel.yaml import YAML

from flaggermail.wording.catalogues import FOLDERS, LOCALE, sets

CODE = "qps"  # of the codes that ISO 639-2 leaves to private use
TEMPLATES = Path(__file__).parents[2] / "config" / "templates"
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "áƀçđéƒğħíĵķļɱñóþʠŕšţúṽŵẋýžÁƁÇĐÉƑĞĦÍĴĶĻṀÑÓÞɊŔŠŢÚṼŴẊÝŽ"
_TABLE = str.maketrans(PLAIN, ACCENTED)
SAME = re.compile(
    r"`[^`]*`"  # a command, and a line of a reply: what is recognised is no sentence
    r"|--[a-z-]+|\bflaggermail(?: [a-z]+)?|\b[\w.-]+\.(?:yaml|xml|json|eml|j2|odt|txt)\b"  # options, files
    r"|https?://\S+|\S+@\S+"
)
_DETAIL = re.compile(r"\{(?P<name>\w+)(?P<as>![rs])?(?::(?P<form>[^}]*))?\}")
_ARGUMENTS = (["map", "("], ["attribute", "="])  # of a filter, which are no words
_LEFT = re.compile(r"[A-Za-z]{2,}")


def pseudo(text: str) -> str:
    """Returns a text in the pseudo-language."""
    return "".join(part if same else part.translate(_TABLE) for part, same in _apart(text, SAME))


def sentence(words: str) -> str:
    """Returns the words of a catalogue in the pseudo-language; details keep their names."""
    found = []
    for part, same in _apart(words, SAME):
        for piece, detail in _apart(part, _DETAIL):
            match = _DETAIL.fullmatch(piece) if detail else None
            if match and match["form"] and "|" in match["form"]:
                found.append(f"{{{match['name']}:{match['form'].translate(_TABLE)}}}")
            else:
                found.append(piece if detail or same else piece.translate(_TABLE))
    return "".join(found)


def template(text: str) -> str:
    """Returns a mail template in the pseudo-language: its text, and the words that its tags print."""
    made = []
    tokens = list(Environment(trim_blocks=True, lstrip_blocks=True).lexer.tokeniter(text, None))  # noqa: S701 - is read
    printed = False
    for at, (_, kind, value) in enumerate(tokens):
        printed = kind == "variable_begin" or (printed and kind != "variable_end")
        if kind == "data":
            made.append(pseudo(value))
        elif kind == "string" and (printed or _is_set(tokens, at)) and _is_word(tokens, at):
            made.append(f"{value[0]}{pseudo(value[1:-1])}{value[-1]}")
        else:
            made.append(value)
    return "".join(made).replace(pseudo("Subject: "), "Subject: ", 1)


def block(words: object) -> object:
    """Returns a block of `words.yaml` in the pseudo-language."""
    if isinstance(words, dict):
        return {key: block(value) for key, value in words.items()}
    if isinstance(words, list):
        return [block(one) for one in words]
    return pseudo(words) if isinstance(words, str) else words


def left_in(text: str, facts: frozenset[str] = frozenset()) -> list[str]:
    """Returns the words of a text that are in no catalogue, apart from `facts`."""
    for fact in sorted(facts, key=len, reverse=True):
        text = text.replace(fact, " ")
    return _LEFT.findall(SAME.sub(" ", text))


def write(folder: Path) -> Path:
    """Writes catalogues, templates and words into a folder; returns that of the templates."""
    (folder / CODE).mkdir(parents=True)
    for name in sets():
        words = tomllib.loads((FOLDERS[0] / "en" / f"{name}.toml").read_text("utf-8"))
        lines = (f"{_quoted(code)} = {_quoted(sentence(text))}" for code, text in words.items())
        (folder / CODE / f"{name}.toml").write_text("\n".join(lines), "utf-8")
    (folder / CODE / f"{LOCALE}.toml").write_text(_locale(), "utf-8")
    for path in sorted((FOLDERS[0] / "en").glob("*.txt")):
        (folder / CODE / path.name).write_text(_text(path.read_text("utf-8")), "utf-8")
    templates = folder / "templates"
    (templates / CODE).mkdir(parents=True)
    for path in sorted((TEMPLATES / "en").glob("*.j2")):
        (templates / CODE / path.name).write_text(template(path.read_text("utf-8")), "utf-8")
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    blocks: Mapping[str, object] = yaml.load((TEMPLATES / "words.yaml").read_bytes())
    with (templates / "words.yaml").open("wb") as file:
        yaml.dump({**blocks, CODE: block(blocks["en"])}, file)
    return templates


def _apart(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    """Yields the parts of a text, each with whether the pattern matches it."""
    at = 0
    for found in pattern.finditer(text):
        yield text[at : found.start()], False
        yield found[0], True
        at = found.end()
    yield text[at:], False


def _is_set(tokens: list[tuple[int, str, str]], at: int) -> bool:
    """True if a string is in a tag `set`."""
    begin = next((i for i in range(at, -1, -1) if tokens[i][1] == "block_begin"), None)
    end = next((i for i in range(at, -1, -1) if tokens[i][1] == "block_end"), -1)
    inside = (
        [value for _, kind, value in tokens[begin:at] if kind == "name"] if begin is not None and begin > end else []
    )
    return inside[:1] == ["set"]


def _is_word(tokens: list[tuple[int, str, str]], at: int) -> bool:
    """True if a string in a tag is printed: it is no key, no value that is compared, and no name of a filter."""
    seen = [token for token in tokens if token[1] != "whitespace"]
    place = next(i for i, token in enumerate(seen) if token is tokens[at])
    before = [value for _, _, value in seen[max(0, place - 2) : place]]
    behind = seen[place + 1][2] if place + 1 < len(seen) else ""
    return behind != ":" and before[-1:] not in (["=="], ["!="], ["["]) and before not in _ARGUMENTS


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _text(text: str) -> str:
    """Returns a whole text in the pseudo-language; the details that it names with `$` stay."""
    return "".join(part if same else pseudo(part) for part, same in _apart(text, re.compile(r"\$\w+")))


def _locale() -> str:
    text = (FOLDERS[0] / "en" / f"{LOCALE}.toml").read_text("utf-8")
    keep = ("plural", "forms", "decimal", "#")
    return "\n".join(line if line.startswith(keep) else _values(line) for line in text.splitlines())


def _values(line: str) -> str:
    """Returns a line of a table with its values in the pseudo-language."""
    return re.sub(r'"([^"]*)"', lambda found: f'"{sentence(found[1])}"', line)


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
