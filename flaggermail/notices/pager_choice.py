# SPDX-License-Identifier: EUPL-1.2
"""The text of a page, and which pager to call next: pure functions of facts and an instant.

A page crosses third-party servers in clear. Of a case it contains only the number, the platform's name and the minutes
of silence, or the draft and the code that approves it: no subject, no person, no address, no link.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flaggermail.mail.vocabulary import visible
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import PageState
from flaggermail.wording.alarms import AlarmName, PageText

LONGEST = 120  # characters; one SMS of GSM 03.38 carries 160, the title included
_UNDER_WAY = frozenset({PageState.QUEUED, PageState.ATTEMPTING})


def reminder_text(
    number: str, platform: str | None, minutes: int, more: int = 0, mark: str = "", waits: str = ""
) -> str:
    """Returns the page for a silence of `minutes`; `more` counts the other cases in the same mail.

    `mark` is the prefix of an exercise page. `waits` says, if so, that the answer may lie in the quarantine.
    """
    what = ", ".join(part for part in (number, platform) if part)
    return _fit(f"{mark} {what}: {minutes} min" + (f" (+{more})" if more else "") + waits)


def alarm_text(kind: AlarmKind, number: str | None, platform: str | None, mark: str = "", *, language: str) -> str:
    """Returns the page for an alarm: a case's number and platform, or else the kind of alarm."""
    what = ", ".join(part for part in (number, platform) if part)
    said = PageText.ALARM(what=what or AlarmName[kind.name]())
    return _fit(f"{mark} {said.in_language(language)}")


def draft_text(draft: str, platform: str | None, mark: str = "") -> str:
    """Returns what a page says of a draft that waits for approval; its code is not in it."""
    return _fit(f"{mark} {', '.join(part for part in (draft, platform) if part)}")


def code_text(code: str, text: str) -> str:
    """Returns the page with a code, which comes first so that a long name cannot cut it off."""
    return _fit(f"code {code}: {text}")


def _fit(text: str) -> str:
    return " ".join(visible(text).split())[:LONGEST]


def next_pager(
    delays: Sequence[int], states: Sequence[PageState], told_at: datetime, now: datetime, *, at_once: bool
) -> int | None:
    """Returns the position of the pager to call now, or None; `states` are those of the pages so far, in order.

    `delays` are minutes after `told_at`, when the mail was written. With `at_once` the first pager is called
    immediately and the others with the same spacing. A failed page is followed by the next one without delay.
    """
    position = len(states)
    if position >= len(delays) or (states and states[-1] in _UNDER_WAY):
        return None
    if states and states[-1] == PageState.FAILED:
        return position
    wait = delays[position] - (delays[0] if at_once else 0)
    return position if now >= told_at + timedelta(minutes=wait) else None
