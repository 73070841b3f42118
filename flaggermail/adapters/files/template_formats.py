# SPDX-License-Identifier: EUPL-1.2
"""Template filters: how days, instants and lists are written in a mail, for one language and time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from jinja2 import TemplateRuntimeError

from flaggermail.adapters.files.template_words import Decided, LanguageWords
from flaggermail.letters.shapes import MARK, WIDTH, wrapped
from flaggermail.letters.strangers_words import shortened, unmarked
from flaggermail.mail.message import SenderVerdict
from flaggermail.wording.said import counted

PREVIEW = 90  # characters that a telephone shows of a mail before it is opened
TITLE = 24  # characters of a title that stay beside long words
FILLED = 80  # a longer line is a whole paragraph, not one wrapped by a mail program


@dataclass(frozen=True, slots=True)
class Formats:
    """The filters. A value of the wrong type raises TemplateRuntimeError, which names the template."""

    language: str
    words: LanguageWords
    zone: ZoneInfo

    def filters(self) -> dict[str, Callable[..., object]]:
        """Returns every filter by its name in templates."""
        return {
            "day": self.day,
            "clock": self.clock,
            "instant": self.instant,
            "minutes_to": minutes_to,
            "within": self.within,
            "criterion": self.criterion,
            "believed": self.believed,
            "aspect": self.aspect,
            "alarm": self.alarm,
            "remedy": self.remedy,
            "doubt": self.doubt,
            "asked": self.asked,
            "looked_for": self.looked_for,
            "label": self.label,
            "counted": partial(counted, language=self.language),
            "reason": lambda value: self.decided(value).reason or "",
            "advice": lambda value: self.decided(value).advice,
            "capital": capital,
            "flow": flow,
            "line": line,
            "matter": self.matter,
            "marked": marked,
        }

    def day(self, value: object) -> str:
        """Formats a date, or the local day of an instant: `6 June 2024`."""
        if isinstance(value, datetime):
            value = self._local(value)
        if not isinstance(value, date):
            raise TemplateRuntimeError(f"day: a date or an instant is needed, not {type(value).__name__}")
        return f"{value.day} {self.words.months[value.month - 1]} {value.year}"

    def clock(self, value: object) -> str:
        """Formats the local time of an instant: `10:34`.

        Adds the UTC offset on the day of a clock change and in the twelve hours before it, so that readers can
        recalculate a duration across it: `23:34 +02:00`.
        """
        local = self._local(value)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        later = (local.astimezone(UTC) + timedelta(hours=12)).astimezone(self.zone)
        changes = len({midnight.utcoffset(), local.utcoffset(), later.utcoffset()}) > 1
        offset = f" {local.isoformat()[-6:]}" if changes else ""
        return f"{local:%H:%M}{offset}"

    def instant(self, value: object) -> str:
        """Formats day and time of an instant: `6 June 2024 at 10:34`."""
        return f"{self.day(self._local(value))} {self.words.preposition} {self.clock(value)}"

    def within(self, values: Iterable[object]) -> str:
        """Joins a list for a sentence: `a, b and c`."""
        *first, last = [str(value) for value in values] or [""]
        return f"{', '.join(first)} {self.words.conjunction} {last}" if first else last

    def criterion(self, value: object) -> str:
        """Returns what the criterion with that number means for a voter."""
        if not isinstance(value, int) or value not in self.words.criteria:
            raise TemplateRuntimeError(f"criterion: {value!r} is none of those in words.yaml")
        return self.words.criteria[value]

    def believed(self, value: object) -> str:
        """Returns what the criterion with that number means for voters who believe a false message."""
        if not isinstance(value, int) or value not in self.words.believed:
            raise TemplateRuntimeError(f"believed: {value!r} is none of those in words.yaml")
        return self.words.believed[value]

    def aspect(self, value: object) -> str:
        """Returns the name of an aspect of the election process."""
        if not isinstance(value, str) or value not in self.words.aspects:
            raise TemplateRuntimeError(f"aspect: {value!r} is none of those in words.yaml")
        return self.words.aspects[value]

    def alarm(self, value: object) -> str:
        """Returns the text of an alarm kind."""
        if not isinstance(value, str) or value not in self.words.alarms:
            raise TemplateRuntimeError(f"alarm: {value!r} is none of those in words.yaml")
        return self.words.alarms[value]

    def remedy(self, value: object) -> str:
        """Returns what the reader of an alarm of that kind can do."""
        if not isinstance(value, str) or value not in self.words.remedies:
            raise TemplateRuntimeError(f"remedy: {value!r} is none of those in words.yaml")
        return self.words.remedies[value]

    def doubt(self, value: object) -> str:
        """Returns the mark to put beside a sender with that verdict, in brackets; empty if they are verified."""
        if value == SenderVerdict.VERIFIED:
            return ""
        if not isinstance(value, str) or value not in self.words.doubts:
            raise TemplateRuntimeError(f"doubt: {value!r} is none of those in words.yaml")
        return f" ({self.words.doubts[value]})"

    def asked(self, value: object) -> str:
        """Returns the request to a referrer for a missing checklist item."""
        if not isinstance(value, str) or value not in self.words.missing:
            raise TemplateRuntimeError(f"asked: {value!r} is none of those in words.yaml")
        return self.words.missing[value]

    def looked_for(self, value: object) -> str:
        """Returns what was looked for before a checklist item was called missing."""
        if not isinstance(value, str) or value not in self.words.looked_for:
            raise TemplateRuntimeError(f"looked_for: {value!r} is none of those in words.yaml")
        return self.words.looked_for[value]

    def label(self, value: object) -> str:
        """Returns the words of a label that a rule sets; a label without words is shown as it is."""
        return self.words.labels.get(str(value), str(value))

    def matter(self, title: object, act: str, platform: object = "", minutes: object = None, short: str = "") -> str:
        """Returns the first line of a mail: act, title, platform and minutes, within what a telephone's list shows.

        The title is cut for it, and keeps `TITLE`; an act too long for that is replaced by `short`, or cut.
        """
        less, *forms = self.words.minutes
        spoken = (
            (counted(minutes, *forms, language=self.language) if minutes else less) if isinstance(minutes, int) else ""
        )
        behind = "".join(f" \u00b7 {part}" for part in (platform, spoken) if part)
        room = PREVIEW - len(MARK) - len(behind)
        whole = line(title)
        if not whole:
            return f"{act}{behind}"
        most = room - 2 - min(len(unmarked(whole)), TITLE)  # characters of the act
        said = act if len(act) <= most else short or shortened(act, most)
        return f"{said}: {shortened(whole, room - 2 - len(said))}{behind}"

    def decided(self, value: object) -> Decided:
        """Returns reason and advice for the referrer of a case that is not put before a platform."""
        if not isinstance(value, str) or value not in self.words.decided:
            raise TemplateRuntimeError(f"reason, advice: {value!r} is none of those in words.yaml")
        return self.words.decided[value]

    def _local(self, value: object) -> datetime:
        return _aware(value).astimezone(self.zone)


def minutes_to(begin: object, end: object) -> int:
    """Counts the minutes between two instants, both cut to the minute, so that the result matches the printed times."""
    first, last = (_aware(value).astimezone(UTC).replace(second=0, microsecond=0) for value in (begin, end))
    return (last - first) // timedelta(minutes=1)


def line(value: object) -> str:
    """Joins others' text into one line."""
    return " ".join(str(value).split())


def capital(value: object) -> str:
    """Returns the words with a capital at the beginning, as a line of their own has it."""
    words = str(value)
    return words[:1].upper() + words[1:]


def flow(value: object) -> str:
    """Makes each paragraph one line, which is wrapped when the mail is written or read."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", str(value).strip()))
    return "\n\n".join(paragraphs) + "\n"


def marked(value: object) -> str:
    """Marks each line of others' text, so that readers do not take it for ours.

    The mark is not `>`: some mail programs on phones hide quoted lines.
    """
    return "\n".join(f"{MARK}{text}".rstrip() for text in _wrapped_lines(str(value).strip().splitlines(), WIDTH))


def _wrapped_lines(lines: Iterable[str], width: int) -> Iterator[str]:
    """Wraps long lines. The remainder of a line that a mail program had wrapped joins the next line."""
    rest = ""
    for line in lines:
        goes_on = bool(rest) and line[:1].isalnum()
        if rest and not goes_on:
            yield rest
        whole = f"{rest} {line}" if goes_on else line
        *before, last = wrapped(whole, width=width).splitlines() if len(whole) > width else [whole]
        yield from before
        rest = last if before and len(line) <= FILLED else ""
        if not rest:
            yield last
    if rest:
        yield rest


def _aware(value: object) -> datetime:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise TemplateRuntimeError(f"an instant with its zone is needed, not {value!r}")
    return value
