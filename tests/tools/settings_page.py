# SPDX-License-Identifier: EUPL-1.2
"""The tables of docs/settings.md: key, default and range come from the models, what a key does from the page itself.

`python -m tests.tools.settings_page` writes the first three columns anew and keeps the fourth. A new key gets an empty
fourth cell, which the test refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flaggermail.settings import model, oauth_section, sections
from flaggermail.settings.escalation_file import EscalationFile, EscalationPolicy, Until
from flaggermail.settings.escalation_file import WallTime as WeekTime
from flaggermail.settings.yaml_files import kinds

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
FILES: dict[str, type[BaseModel]] = {
    "flaggermail.yaml": model.DeskSettings,
    "oncall.yaml": model.OncallFile,
    "platforms.yaml": model.PlatformsFile,
    "elections.yaml": model.ElectionsFile,
    "escalation.yaml": EscalationFile,
}
HEAD = "| key | default | takes | effect, and what is beyond |\n|---|---|---|---|\n"
SHAPES: tuple[tuple[object, str], ...] = (
    (kinds.MailAddress, "mail address"), (kinds.Host, "name of a server"), (kinds.Domain, "domain"),
    (kinds.Credential, "name of a credential"), (kinds.Day, "day"), (kinds.LastDay, "day, or `none`"),
    (kinds.Instant, "instant with offset"), (kinds.End, "instant with offset, or `none`"),
    (kinds.WallTime, "time of day"), (kinds.Phone, "number from `+`"), (kinds.WebAddress, "web address"),
    (kinds.FolderName, "folder"), (kinds.Keyword, "IMAP keyword"), (kinds.AuthservId, "name without spaces"),
    (kinds.HeaderName, "name of a header"),
    (kinds.Login, "login of the system"), (kinds.Zone, "time zone"), (kinds.CasePrefix, "capitals, digits"),
    (kinds.ElectionCode, "capitals, digits"), (kinds.Code, "code"),
    (oauth_section.TokenEndpoint, "https address"), (oauth_section.Printable, "text in ASCII"),
    (sections.IsoPeriod, "period, `P10Y`"), (Until, "`4 times` or `240 minutes`"),
    (WeekTime, '`"08:00"`, `"monday 08:00"`'), (kinds.Text, "text"), (Path, "path"), (bool, "`true`, `false`"),
)  # fmt: skip
"""By type, what a value looks like; the first that fits."""


class Row(NamedTuple):
    """A key below a heading: the field that it fills, its type, and another key whose section it shares."""

    heading: str
    key: str
    field: FieldInfo
    hint: object
    like: str = ""


UNITS = ("minutes", "seconds", "hours", "days", "mb")


def keys(section: type[BaseModel], file: str = "flaggermail.yaml") -> Iterator[Row]:
    """Yields each key of a file; those of sections in lists with a path, and a section that comes again only once."""
    seen = dict[type[BaseModel], str]()
    for name, field in section.model_fields.items():
        hint = get_type_hints(section, include_extras=True)[name]
        inner = _model_in(hint)
        if file == "flaggermail.yaml" and inner is not None:
            yield from _below(inner, name, "", seen)
        else:
            yield from _row(Row("", name, field, hint), seen)


def _below(section: type[BaseModel], heading: str, path: str, seen: dict[type[BaseModel], str]) -> Iterator[Row]:
    hints = get_type_hints(section, include_extras=True)
    for name, field in section.model_fields.items():
        key = f"{path}.{field.alias or name}".lstrip(".")
        yield from _row(Row(heading, key, field, hints[name]), seen)


def _row(row: Row, seen: dict[type[BaseModel], str]) -> Iterator[Row]:
    inner = _model_in(row.hint)
    if inner is None or issubclass(inner, kinds.Names):
        yield row
        return
    yield row._replace(like=seen.get(inner, ""))
    if inner not in seen:
        seen[inner] = row.key
        yield from _below(inner, row.heading, row.key, seen)


def _parts(hint: object) -> list[Any]:
    """Returns the members of a union without None, else the annotation alone."""
    if get_origin(hint) in {Union, UnionType} and hint != kinds.LastDay:
        return [one for one in get_args(hint) if one is not NoneType]
    return [hint]


def _is_list(hint: object) -> bool:
    return any(get_origin(one) in {tuple, frozenset} for one in _parts(hint))


def _model_in(hint: object) -> type[BaseModel] | None:
    for one in _parts(hint):
        inner = get_args(one)[0] if get_origin(one) in {tuple, frozenset} else one
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None


def takes(row: Row) -> str:
    """Returns what may be written, with its unit and range."""
    (one,) = _parts(row.hint)
    if get_origin(one) in {tuple, frozenset}:
        return f"list: {takes(row._replace(hint=get_args(one)[0]))}"
    known = next((words for shape, words in SHAPES if one == shape), None)
    if known is not None:
        return known
    inner = get_args(one)[0] if hasattr(one, "__metadata__") else one
    if isinstance(inner, type) and issubclass(inner, Enum):
        return ", ".join(f"`{member.value}`" for member in inner)
    if get_origin(inner) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(inner))
    if inner is int:
        return _number(row.key, row.field, one)
    assert isinstance(inner, type), row
    if issubclass(inner, kinds.Names):
        return "text, `nl` and `en`"
    return f"the keys of `{row.like}`" if row.like else "the keys below"


def _number(key: str, field: FieldInfo, hint: object) -> str:
    """Returns unit and bounds of a number; the unit is the end of its key, or minutes for its kind."""
    own = [one for part in getattr(hint, "__metadata__", ()) for one in getattr(part, "metadata", ())]
    bounds = [*field.metadata, *own]
    least, most = (next(getattr(one, name) for one in bounds if hasattr(one, name)) for name in ("ge", "le"))
    unit = next((unit for unit in UNITS if key.endswith(f"_{unit}")), "minutes" if hint == kinds.Minutes else "")
    words = {"mb": "MB, "}.get(unit, f"{unit}, " if unit else "")
    return f"{words}{least:,} to {most:,}"


def default(field: FieldInfo) -> str:
    """Returns the value that holds without the line."""
    if field.is_required():
        return "must be written"
    value = field.default
    return _written(value) if value not in (None, (), frozenset()) else "none"


def _written(value: object) -> str:
    if isinstance(value, BaseModel):
        words = value.model_dump(mode="json", exclude_defaults=True)
        return f"`{json.dumps(words)}`".replace('"', "")
    if isinstance(value, tuple) and isinstance(value[0], EscalationPolicy):
        return f"`[{', '.join(policy.name for policy in value)}]`"
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return ", ".join(map(_written, value))
    if isinstance(value, tuple):
        return f"`[{', '.join(str(getattr(one, 'value', one)) for one in value)}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else getattr(value, 'value', value)}`"


def with_tables(page: str) -> str:
    """Returns the page with its tables as the models are now; what each key does is taken from the page."""
    effects = dict[tuple[str, str, str], str]()
    file = heading = ""
    for line in page.splitlines():
        if line.startswith("## "):
            file, heading = line[3:].strip(), ""
        elif line.startswith("### "):
            heading = line[4:].strip()
        elif found := re.match(r"\| `([\w.]+)` \| [^|]* \| [^|]* \| (.*) \|$", line):
            effects[file, heading, found[1]] = found[2]
    for name, section in FILES.items():
        rows = list(keys(section, name))
        for title in dict.fromkeys(row.heading for row in rows):
            lines = (
                f"| `{row.key}` | {default(row.field)} | {takes(row)} | {effects.get((name, title, row.key), '')} |\n"
                for row in rows
                if row.heading == title
            )
            page = _with_table(page, name, title, HEAD + "".join(lines))
    return page


def _with_table(page: str, file: str, title: str, table: str) -> str:
    """Returns the page with this table below its heading. Raises ValueError without that heading or a table."""
    own = re.compile(rf"(\n## {re.escape(file)}\n(?:(?!\n## ).)*?)(?=\n## |\Z)", re.DOTALL)
    below = re.compile(
        (rf"(\n### {re.escape(title)}\n)" if title else r"(\A\n## [^\n]*\n)")
        + rf"((?:(?!\n##).)*?){re.escape(HEAD)}(?:\|[^\n]*\n)*",
        re.DOTALL,
    )
    section = own.search(page)
    written, count = below.subn(lambda f: f[1] + f[2] + table, section[1], count=1) if section else ("", 0)
    if not section or not count:
        raise ValueError(f"no table below {file} {title}")
    return page[: section.start()] + written + page[section.end() :]


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
