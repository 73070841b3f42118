# SPDX-License-Identifier: EUPL-1.2
"""Reads a scenario: a folder with scenario.yaml and mails, in the format of `tests/scenarios/README.md`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field

from flaggermail.errors import ConfigurationError
from flaggermail.mail.addresses import in_domains
from flaggermail.mail.message import Address
from flaggermail.mail.tailed_numbers import tailed_numbers
from flaggermail.ports import Role
from flaggermail.record.finding import where
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import MailState
from flaggermail.services import Services
from flaggermail.settings.yaml_files.kinds import Instant, Minutes, Model
from flaggermail.settings.yaml_files.model import read_model
from flaggermail.shipped import shipped
from flaggermail.stories.codes import code_at
from flaggermail.stories.doubles import ScriptedAnswer

Show = Literal["line", "aside", "nothing", "letter"]
"""What the demo shows of an act: its line, its line where it tells everything, nothing, or the mail sent by it too."""
_CODE_PLACEHOLDER = re.compile(rb"\bCODE\b")
NUMBER_PLACEHOLDER = re.compile(rb"\bNUMBER\b")


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
    to_reply_address: bool = False


class CallEntry(Model):
    """A call to the platform, so long after the first notification was sent: what the officer is to hear there.

    Only `flaggermail.stories.rehearsal` plays it; a scenario notes a call by an act.
    """

    after: Minutes
    nl: str
    en: str


class ActEntry(Model):
    """One command line that an officer enters."""

    at: Instant
    by: str
    do: str
    tell: str = ""
    show: Show = "line"


class ReadingEntry(Model):
    """An officer reads the policies of all platforms: sets their `read_on` to that day."""

    at: Instant
    tell: str = ""


class LaterEntry(Model):
    """The mail that arrives after the story, for each mail of ours that matches `answers`."""

    file: str
    answers: Answers


class DemoEntry(Model):
    """What the demo shows and does at the end."""

    figures: tuple[str, ...] = ()  # case numbers
    later: LaterEntry | None = None
    tries: tuple[str, ...] = ()  # command lines to try while the daemon runs
    look: tuple[str, ...] = ()  # command lines to try after everything has stopped


class SubmissionEntry(Model):
    """The submission server's answer in a period: code 0 for no connection, -1 for no reply to the final dot."""

    to: str | None = None
    code: int
    text: str = ""
    begins: Instant | None = None
    ends: Instant | None = None


class ScenarioFile(Model):
    """The file `scenario.yaml`."""

    title: str
    config: str | None = None
    given: Given = Given()
    mails: tuple[MailEntry, ...] = ()
    acts: tuple[ActEntry, ...] = ()
    policies_read: tuple[ReadingEntry, ...] = ()
    submission: tuple[SubmissionEntry, ...] = ()
    until: Instant | None = None
    demo: DemoEntry = DemoEntry()
    calls: tuple[CallEntry, ...] = ()
    authorities: Mapping[str, str] = Field(default_factory=dict)  # domain -> list of the rules; `rehearsal`
    expect: Mapping[str, object] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery. `octets` can be computed only after the mail that it answers was sent."""

    at: datetime
    folder: str
    octets: Callable[[Services], bytes]
    tell: str = ""


@dataclass(frozen=True, slots=True)
class EnteredCommand:
    """A command line that an officer enters."""

    at: datetime
    by: str
    line: str
    words: tuple[str, ...]  # `line` split as in a shell
    tell: str = ""
    show: Show = "line"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, read and checked."""

    folder: Path
    config: Path
    title: str
    given: Given
    mails: tuple[Incoming, ...]
    acts: tuple[EnteredCommand, ...]
    policies_read: tuple[ReadingEntry, ...]
    submission: tuple[ScriptedAnswer, ...]
    until: datetime | None
    demo: DemoEntry
    expect: Mapping[str, object]

    def instants(self) -> tuple[datetime, ...]:
        """Returns every instant at which the scenario itself does something, and its end."""
        found = {mail.at for mail in self.mails} | {act.at for act in self.acts}
        found |= {reading.at for reading in self.policies_read}
        return tuple(sorted(found | {self.until} if self.until else found))

    def mails_at(self, now: datetime) -> list[Incoming]:
        """Returns the mails delivered now."""
        return [mail for mail in self.mails if mail.at == now]

    def acts_at(self, now: datetime) -> list[EnteredCommand]:
        """Returns the command lines entered now."""
        return [act for act in self.acts if act.at == now]

    def readings_at(self, now: datetime) -> list[ReadingEntry]:
        """Returns the readings of platform policies that take place now."""
        return [reading for reading in self.policies_read if reading.at == now]

    def later_asked(self, env: Services) -> int:
        """Returns how many mails of ours match `demo.later` so far."""
        return len(sent(env, self.demo.later.answers)) if self.demo.later else 0

    def later(self, count: int, now: datetime) -> Incoming:
        """Returns the answer of `demo.later` to the mail of ours at index `count`, arriving now."""
        entry = self.demo.later
        if entry is None:
            raise ConfigurationError(f"{self.folder.name}/scenario.yaml demo: says nothing of later")
        answers = entry.answers.model_copy(update={"number": count})
        mail = MailEntry(file=entry.file, at=now, answers=answers)
        return Incoming(now, mail.folder, _octets(self.folder / mail.file, mail, now, now))


def read(folder: Path, after: int | None = None) -> Scenario:
    """Reads the scenario in `folder`; `after`, if given, replaces the minutes of mails that specify some.

    Raises ConfigurationError with file, line and column.
    """
    folder = folder.absolute()
    found = read_model(folder / "scenario.yaml", ScenarioFile)
    files = [mail.file for mail in found.mails] + ([found.demo.later.file] if found.demo.later else [])
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise ConfigurationError(
            *(f"{folder.name}/scenario.yaml: mail {name}: there is no such file" for name in missing)
        )
    if not found.mails and not found.acts:
        raise ConfigurationError(f"{folder.name}/scenario.yaml: has neither mails nor acts; nothing would happen")
    mails = [
        Incoming(at, mail.folder, _octets(folder / mail.file, mail, at, _arrival(mail, after)), mail.tell)
        for mail in found.mails
        for at in (_arrival(mail, after), *mail.copies)
    ]
    return Scenario(
        folder=folder,
        config=_config(folder, found.config),
        title=found.title,
        given=found.given,
        mails=tuple(mails),
        acts=tuple(
            EnteredCommand(act.at, act.by, act.do, tuple(shlex.split(act.do)), act.tell, act.show) for act in found.acts
        ),
        policies_read=found.policies_read,
        submission=tuple(ScriptedAnswer(s.to, s.code, s.text, s.begins, s.ends) for s in found.submission),
        until=found.until,
        demo=found.demo,
        expect=found.expect,
    )


def _arrival(mail: MailEntry, after: int | None) -> datetime:
    minutes = after if after is not None and mail.after else mail.after
    return mail.at + timedelta(minutes=minutes)


def _config(folder: Path, named: str | None) -> Path:
    if named is not None:
        places = [folder / named]
    else:
        places = [folder.parent.parent / "config", shipped("config").parent / "tests" / "config", shipped("config")]
    for place in places:
        if (place / "flaggermail.yaml").is_file():
            return place
    raise ConfigurationError(f"{folder.name}/scenario.yaml config: no configuration in {places[0]}; name its folder")


def _octets(file: Path, mail: MailEntry, at: datetime, first_at: datetime) -> Callable[[Services], bytes]:
    """Returns the mail as our own server delivers it: trace fields and verdict on top, references filled in.

    A further copy has the code of the first delivery, at `first_at`.
    """

    def octets(env: Services) -> bytes:
        raw = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        header, blank, body = raw.partition(b"\r\n\r\n")
        sender = env.parser.parse(raw).sender
        lines = _trace_fields(env, sender, mail.auth, at) if Role(mail.folder) is Role.INBOX else []
        answered = None if mail.answers is None else _answered_mail(env, mail.answers, file.name)
        if answered is not None:
            lines += reply_fields(header, env.octets.get(answered.digest), at)
        if _CODE_PLACEHOLDER.search(body):
            code = code_at(env, first_at, sender.key if sender else "", answered)
            body = _CODE_PLACEHOLDER.sub((code or "CODE").encode("ascii"), body)
        known = mail.quotes or mail.answers
        if known is not None:
            number = number_in(env, _answered_mail(env, known, file.name))
            header, body = (NUMBER_PLACEHOLDER.sub(number, part) for part in (header, body))
        return "".join(f"{line}\r\n" for line in lines).encode() + header + blank + body

    return octets


def _trace_fields(env: Services, sender: Address | None, auth: ClaimedResult, at: datetime) -> list[str]:
    """Returns the fields that our receiving server writes above a mail (RFC 8601), and those a forger writes below."""
    server = env.settings.desk.mailbox.authserv_id or "localhost"
    domain = sender.domain if sender else "invalid"
    says = ClaimedResult.NONE if auth is ClaimedResult.FORGED else auth
    lines = [
        f"Authentication-Results: {server}; dmarc={says} header.from={domain}",
        f"Received: from mail.{domain} by {server} with ESMTPS; {format_datetime(at)}",
    ]
    if auth is ClaimedResult.FORGED:
        lines.append(f"Authentication-Results: {server}; dmarc=pass header.from={domain}")
    return lines


def reply_fields(header: bytes, answered: bytes, at: datetime) -> list[str]:
    """Returns the fields that make a mail a reply, and those that its file lacks."""
    own, other = (BytesParser().parsebytes(octets, headersonly=True) for octets in (header, answered))
    message_id = str(other["Message-ID"]).strip().strip("<>")
    domain = str(own["From"]).rpartition("@")[2].strip("> ")
    lacking = {
        "Subject": f"Re: {other['Subject']}",  # folded and encoded as received
        "Date": format_datetime(at),
        "Message-ID": f"<{at:%Y%m%d.%H%M}.{message_id.partition('@')[0]}@mail.{domain}>",
    }
    lines = [f"{name}: {value}" for name, value in lacking.items() if name not in own]
    return [f"In-Reply-To: <{message_id}>", f"References: <{message_id}>", *lines]


def number_in(env: Services, answered: OutboxMail) -> bytes:
    """Returns the case number as that mail bears it, with its tail if it has one."""
    read = env.parser.parse(env.octets.get(answered.digest))
    prefix, text = env.settings.desk.organisation.case_prefix, f"{read.subject or ''}\n{read.text}"
    tailed = [one.text for one in tailed_numbers(text, prefix) if one.number == answered.case]
    return next(iter((*tailed, answered.case or "NUMBER"))).encode()


def _answered_mail(env: Services, wanted: Answers, file: str) -> OutboxMail:
    found = sent(env, wanted)
    if not found:
        raise ConfigurationError(f"{file}: answers {wanted.model_dump(exclude_none=True)}, but no such mail was sent")
    return found[wanted.number]


def sent(env: Services, wanted: Answers) -> list[OutboxMail]:
    """Returns our sent mails that match `wanted`, whatever its `number`."""
    with env.store.read() as tx:
        return [
            mail
            for mail in tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ACCEPTED))
            if _matches(mail, wanted, env)
        ]


def _matches(mail: OutboxMail, wanted: Answers, env: Services) -> bool:
    domains = next((frozenset(p.domains) for p in env.settings.platform_list if p.name == wanted.to), None)
    to = wanted.to is None or mail.recipient.lower() == wanted.to.lower()
    to = to or (domains is not None and in_domains(mail.recipient.rpartition("@")[2], domains))
    return to and wanted.kind in {None, mail.kind} and wanted.case in {None, mail.case}
