# SPDX-License-Identifier: EUPL-1.2
"""Uses of every shape that a picture must show, built from what a reader would write down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flaggermail.figures.looks import Telling
from flaggermail.figures.uses import AnswerForm, Figures, PlatformUse, Stop, Summary, SummaryBy, UseState, summed
from flaggermail.record import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import InstantBasis

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_DUTCH = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip
_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
TELLINGS: Mapping[str, Telling] = {
    "nl": Telling(LanguageCode.NL, _DUTCH, AMSTERDAM),
    "en": Telling(LanguageCode.EN, _ENGLISH, AMSTERDAM),
}
AS_OF = datetime.fromisoformat("2024-06-30T12:00+02:00")
HOSTILE = '<script>alert(1)</script>"&\u202e\x07' * 4


def at(text: str) -> datetime:
    """Returns an instant; without a day it is on 6 June 2024."""
    return datetime.fromisoformat(text if "T" in text else f"2024-06-06T{text}+02:00")


def use(
    sent: str,
    stops: Sequence[str | None] = (None, None, None),
    reminders: Sequence[str] = (),
    escalations: Sequence[str] = (),
    number: int = 1,
) -> PlatformUse:
    """Returns a use with its stops: receipt, human, substance."""
    receipt, human, substance = (None if stop is None else stopped(sent, stop) for stop in stops)
    return PlatformUse(
        case=f"VF-EP2024-{number:04}", notification=f"VF-EP2024-{number:04}/1", platform="X", channel="x-urgent",
        election="EP2024", sent_at=at(sent), sent_basis=InstantBasis.MAIL, receipt=receipt, human=human,
        substance=substance, state=UseState.OPEN if human is None else UseState.ANSWERED,
        reminders=tuple(map(at, reminders)), escalations=tuple(map(at, escalations)),
    )  # fmt: skip


def stopped(sent: str, when: str, basis: InstantBasis = InstantBasis.MAIL, form: AnswerForm = AnswerForm.MAIL) -> Stop:
    """Returns the stop of a clock."""
    return Stop(at(when), clocks.minutes(at(sent), at(when)), basis, form)


def of_june() -> PlatformUse:
    """Returns the use of 6 June 2024."""
    return use("10:34", ["13:06"] * 3, ["11:34", "12:34"])


def _by_hand() -> PlatformUse:
    note = stopped("10:34", "11:00", InstantBasis.BY_HAND, AnswerForm.ORAL)
    quoted = stopped("10:34", "2024-06-07T09:00+02:00", InstantBasis.QUOTED_WORDS)
    return replace(
        use("10:34"), sent_basis=InstantBasis.SENT_COPY, receipt=note, human=note, substance=quoted,
        state=UseState.ANSWERED,
    )  # fmt: skip


_HOURLY = [(at("10:34") + timedelta(hours=count)).isoformat() for count in range(1, 60)]
_SUMMER_ENDS = ["2024-10-27T00:50+02:00", "2024-10-27T02:30+02:00", "2024-10-27T02:30+01:00"]

USES = {
    "of 6 June 2024": of_june(),
    "open": use("14:21", reminders=["15:21", "16:21"], escalations=["18:21"]),
    "open with an automatic receipt": use("14:21", ["14:22", None, None], ["17:21"], ["18:21"]),
    "open matter": use("14:21", ["14:22", "15:40", None], ["15:21"]),
    "a minute": use("10:34", ["10:35"] * 3),
    "the same minute": use("10:34", ["10:34"] * 3),
    "a reminder in the minute of the answer": use("10:34", ["11:34"] * 3, ["11:34"]),
    "nine days": use("10:34", ["10:36", "2024-06-15T09:12+02:00", "2024-06-15T09:14+02:00"], ["13:34"], ["14:34"]),
    "many reminders": use("10:34", ["10:36", "2024-06-15T09:12+02:00", None], _HOURLY, ["14:34", "20:34"]),
    "every label": use(
        "10:34", ["12:40", "14:40", "16:40"], ["09:34", "10:04", "11:34", "13:34", "15:34"], ["10:24", "12:34", "15:44"]
    ),
    "end of summer time": use("2024-10-26T23:50+02:00", ["2024-10-27T02:34+01:00"] * 3, _SUMMER_ENDS),
    "start of summer time": use("2024-03-31T00:30+01:00", ["2024-03-31T03:06+02:00"] * 3, ["2024-03-31T01:30+01:00"]),
    "winter": use("2024-01-10T10:34+01:00", ["2024-01-10T13:06+01:00"] * 3),
    "open since winter": use("2024-01-10T10:34+01:00"),
    "by hand": _by_hand(),
    "hostile names": replace(of_june(), platform=HOSTILE, channel=HOSTILE),
    "long names": replace(of_june(), platform="Wm" * 150, channel="無" * 200, notification="W" * 120),
}


def figures(*uses: PlatformUse) -> Figures:
    """Returns uses with a summary of each kind, and an election in which the line was not used."""
    counted = Summary(SummaryBy.PLATFORM, "X", len(uses), len(uses), 0, None, 152)
    return Figures(
        AS_OF,
        uses,
        (
            *((counted, replace(counted, by=SummaryBy.CHANNEL, name="x-urgent")) if uses else ()),
            *((replace(counted, by=SummaryBy.ELECTION, name="EP2024", median_minutes=152),) if uses else ()),
            Summary(SummaryBy.ELECTION, "PS2023", 0, 0, 0, None, None),
        ),
    )


PLATFORMS = ("Meta", "X", "TikTok", "Google")


def several(waits: Sequence[int | None]) -> list[PlatformUse]:
    """Returns a use a day at four platforms in turn, answered after so many minutes; None: open."""
    found = []
    for day, wait in enumerate(waits, 1):
        sent = at(f"2024-06-{day:02}T10:34+02:00")
        answer = None if wait is None else (sent + timedelta(minutes=wait)).isoformat()
        one = use(sent.isoformat(), [answer] * 3, number=day)
        found.append(replace(one, platform=PLATFORMS[day % 4], channel_name="Urgent Escalation Channel"))
    return found


def thirteen() -> Figures:
    """Returns thirteen uses at four platforms, two of them open, with what they come to and names as they are long."""
    uses = several([0, 2, 25, 48, 97, 152, 152, 310, 400, 1560, 13_150, None, None])
    names = sorted({one.platform for one in uses})
    summary = [summed(SummaryBy.PLATFORM, name, [one for one in uses if one.platform == name], AS_OF) for name in names]
    summary += [summed(by, code, uses, AS_OF) for by, code in _CODES]
    return Figures(AS_OF, tuple(uses), tuple(summary), {"EP2024": dict.fromkeys(("nl", "en"), _ELECTION)})


_CODES = ((SummaryBy.CHANNEL, "x-urgent"), (SummaryBy.ELECTION, "EP2024"))
_ELECTION = "Provinciale Statenverkiezingen en waterschapsverkiezingen 2027"
