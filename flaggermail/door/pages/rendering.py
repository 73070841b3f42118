# SPDX-License-Identifier: EUPL-1.2
"""Templates of pages: every value is escaped, sentences come from the catalogues, instants are those of the desk."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flaggermail.door.pages.picture import picture
from flaggermail.mail.message import Json
from flaggermail.mail.vocabulary import is_invisible
from flaggermail.record.clocks import exact
from flaggermail.services import DAEMON
from flaggermail.settings.rota import Rota
from flaggermail.wording import catalogues
from flaggermail.wording.pages import CLOSED_SETS, ScreenText
from flaggermail.wording.said import Detail

TEMPLATES, STATIC = (Path(__file__).parent / name for name in ("templates", "static"))
LONGEST_LINE = 200  # characters of a stranger's line, such as a subject, in a list
LONGEST_TEXT = 30_000  # characters of a stranger's text; what is cut is counted
_LEFTWARDS = frozenset({"R", "AL", "AN"})  # bidirectional classes
_LAYOUT = "\t\n\ufe0e\ufe0f"  # the last two choose how an emoji is drawn


@cache
def environment() -> Environment:
    """Returns the templates; a name that a page does not give is an error, never empty."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False, finalize=_visible,
    )  # fmt: skip
    made.globals |= {"longest": LONGEST_TEXT, "picture": picture}
    made.filters["line"] = line
    return made


def rendered(template: str, language: str, values: Mapping[str, object]) -> str:
    """Returns a page in a language."""
    words: dict[str, Callable[..., object]] = {
        "say": partial(_say, language),
        "clock": partial(clock, language),
        "instant": partial(instant, language),
        "day": partial(day, language),
        "span": lambda count: exact(max(count, 0), language),  # negative after a clock was put back
        "named": partial(named, language),
        "options": lambda of, values: [(str(one), named(language, of, one)) for one in values],
        "file": static_address,
    }
    return environment().get_template(template).render(**words, **values, language=language)


def foreign(text: str | None) -> str:
    """Returns a stranger's text with what nobody would see in it, or what turns its direction, shown by its number."""
    if text is None or (text.isascii() and text.isprintable()):
        return text or ""
    unseen = {sign for sign in set(text) if sign not in _LAYOUT and is_invisible(sign)}
    return text.translate({ord(sign): f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{ord(sign):04X}"
                           "\N{MATHEMATICAL RIGHT ANGLE BRACKET}" for sign in unseen})  # fmt: skip


def _visible(value: object) -> object:
    """Does so for each text that a template shows; what it has escaped itself (`| e`) stays as a person typed it."""
    return foreign(value) if type(value) is str else value


def line(text: str | None, most: int = LONGEST_LINE) -> str:
    """Returns a stranger's text as one line, cut where it is too long.

    One that runs from right to left is isolated, so that it moves nothing of ours beside it (UAX 9, 2.5).
    """
    shown = " ".join(foreign(text).split())
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
    return _isolated(shown) if any(unicodedata.bidirectional(sign) in _LEFTWARDS for sign in shown) else shown


def _isolated(text: str) -> str:
    isolated: str = environment().filters["e"](f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}")
    return isolated  # as it is: `_visible` leaves what is escaped


def clock(language: str, at: str | None, now: str) -> str:
    """Returns the time of day of an instant of the document, with its day if that is another than today's."""
    if at is None:
        return ""
    when = datetime.fromisoformat(at)
    return f"{when:%H:%M}" if when.date() == datetime.fromisoformat(now).date() else instant(language, at)


def instant(language: str, at: str | None) -> str:
    """Returns an instant of the document in words."""
    return "" if at is None else catalogues.locale(language).timed(datetime.fromisoformat(at))


def day(language: str, on: str) -> str:
    """Returns a day of the document in words."""
    return catalogues.locale(language).dated(date.fromisoformat(on))


def named(language: str, of: str, value: Json) -> str:
    """Returns the words for a value of a closed set, such as the state of a case. Raises KeyError for none of it."""
    return "" if value is None else CLOSED_SETS[of][str(value)].words(language)


def person(rota: Rota, language: str, actor: str | None) -> str:
    """Returns the name of whoever acted: of a person of the desk, or the desk itself for the daemon; empty for none."""
    return _say(language, ScreenText.THE_DESK.name) if actor == DAEMON else rota.name_of(actor or "")


def _say(language: str, name: str, /, **details: Detail) -> str:
    return ScreenText[name](**details).in_language(language)


@cache
def static_address(name: str) -> str:
    """Returns the address of a file of the pages; it changes with the file, so that a browser may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"
