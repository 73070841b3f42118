# SPDX-License-Identifier: EUPL-1.2
"""What `scenario.yaml` may hold, in the words of `tests/scenarios/README.md`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from flaggermail.settings.yaml_files.kinds import Instant, Minutes, Model

Show = Literal["line", "aside", "nothing", "letter"]
"""What the demo shows of an act: its line, its line where it tells everything, nothing, or the mail sent by it too."""


class GivenNotification(Model):
    """A notification sent before the scenario begins."""

    channel: str
    sent: Instant
    answered: Instant | None = None


class GivenCase(Model):
    """A case opened before the scenario begins."""

    number: str
    type: str = "A_content"
    origin: str = "media"
    source: str | None = None
    title: str = ""
    criteria: tuple[int, ...] = ()
    own_attempts: int | None = None
    referrer: str | None = None
    state: str = "closed"
    notifications: tuple[GivenNotification, ...] = ()


class Given(Model):
    """The initial state of the scenario; the elections are those of the configuration."""

    cases: tuple[GivenCase, ...] = ()
    next_number: Mapping[str, int] = Field(default_factory=dict)
    enrolled: tuple[str, ...] = ()  # officers with a confirmed device for one-time codes


class Answers(Model):
    """Selects the mail of ours that is answered: the latest of this kind, to this platform or address, in this case."""

    kind: str | None = None
    to: str | None = None
    case: str | None = None
    number: int = -1  # 0 is the first, -1 the latest


class ClaimedResult(StrEnum):
    """What our receiving server says of a mail's DMARC check."""

    PASSED = "pass"
    FAILED = "fail"
    NONE = "none"
    FORGED = "forged"  # says none; below it, the sender's own field says pass


class MailEntry(Model):
    """One incoming mail."""

    id: str | None = None
    file: str
    at: Instant
    after: Minutes = 0  # from `at` to its arrival; an option of the demo overrides it
    tell: str = ""
    copies: tuple[Instant, ...] = ()
    folder: Literal["inbox", "sent"] = "inbox"
    auth: ClaimedResult = ClaimedResult.PASSED
    answers: Answers | None = None
    quotes: Answers | None = None  # fills in NUMBER as that mail of ours bears it, and nothing else


class CallEntry(Model):
    """A call to the platform, so long after the first notification was sent: what the officer is to hear there.

    Only `flaggermail.stories.rehearsing` plays it; a scenario notes a call by an act.
    """

    after: Minutes
    nl: str
    en: str


class EnteredCommand(Model):
    """One command line that an officer enters."""

    at: Instant
    by: str
    do: str
    tell: str = ""
    show: Show = "line"

    @property
    def words(self) -> list[str]:
        """The line, split as in a shell."""
        return shlex.split(self.do)


class ReadingEntry(Model):
    """An officer reads the policies of all platforms: sets their `read_on` to that day."""

    at: Instant
    tell: str = ""


class LaterEntry(Model):
    """The mail that arrives after the story, for each of our mails that matches `answers`."""

    file: str
    answers: Answers


class DemoEntry(Model):
    """What the demo shows and does at the end."""

    figures: tuple[str, ...] = ()  # case numbers
    later: LaterEntry | None = None
    arrives: tuple[str, ...] = ()  # files of mails that lie there when the pages are served
    prepares: tuple[str, ...] = ()  # command lines of the officer after them, so that something waits
    hints: tuple[str, ...] = ()  # lines that say what to try
    tries: tuple[str, ...] = ()  # command lines to try while the daemon runs
    look: tuple[str, ...] = ()  # command lines to try after everything has stopped


class ScriptedAnswer(Model):
    """The submission server's answer in a period: code 0 for no connection, -1 for no reply to the final dot."""

    to: str | None = None
    code: int
    text: str = ""
    begins: Instant | None = None
    ends: Instant | None = None

    def fits(self, recipient: str, now: datetime) -> bool:
        """True if this answer applies to the recipient now."""
        begun = self.begins is None or self.begins <= now
        return self.to in {None, recipient} and begun and (self.ends is None or now < self.ends)


class ScenarioFile(Model):
    """The file `scenario.yaml`."""

    title: str
    config: str | None = None
    given: Given = Given()
    mails: tuple[MailEntry, ...] = ()
    acts: tuple[EnteredCommand, ...] = ()
    policies_read: tuple[ReadingEntry, ...] = ()
    submission: tuple[ScriptedAnswer, ...] = ()
    until: Instant | None = None
    demo: DemoEntry = DemoEntry()
    calls: tuple[CallEntry, ...] = ()
    authorities: Mapping[str, str] = Field(default_factory=dict)  # domain -> list of the rules; `rehearsal`
    expect: Mapping[str, object] = Field(default_factory=dict)
