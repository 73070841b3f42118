# SPDX-License-Identifier: EUPL-1.2
"""A desk whose officers answer by mail: referrals come in, a form or a notice goes out, a reply comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from flaggermail.mail.message import Message
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.rules.configuration import Configuration
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import OFFICER, REFERRER, SERVER, Desk, desk_settings, equipped, mail, opened

ANNA = "A. Jansen <a.jansen@bzk.example>"
PLAIN = ("Content-Type: text/plain; charset=utf-8", "MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit")
HTML = ("Content-Type: text/html; charset=utf-8", "MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit")
BOTH = ("Content-Type: multipart/alternative; boundary=cut", "MIME-Version: 1.0")
TO_OFFICERS_AND_REFERRERS = frozenset(Kind) - {Kind.NOTIFICATION, Kind.FOLLOW_UP}
ACTS = frozenset({
    EventKind.CASE_ASSIGNED, EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED, EventKind.NOTIFICATION_DRAFTED,
    EventKind.NOTIFICATION_APPROVED, EventKind.NOTIFICATION_REJECTED, EventKind.INFORMATION_REQUESTED,
    EventKind.REMINDER_ACKNOWLEDGED, EventKind.CONTACT_NOTED, EventKind.MESSAGE_CONFIRMED, EventKind.MESSAGE_REFUSED,
    EventKind.MESSAGE_PLACED, EventKind.REMINDER_HANDED_OVER,
})  # fmt: skip
_serial = count(1)


def in_language(settings: Configuration, language: str) -> Configuration:
    """Returns the settings of a desk that writes in that language."""
    organisation = settings.desk.organisation.model_copy(update={"language": language})
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": organisation})})


def a_desk(folder: Path, language: str = "nl", settings: Configuration | None = None) -> Desk:
    """Returns an empty desk with its database and archive in `folder`, by default with the store's settings."""
    (folder / "database").write_bytes(migrated())
    settings = in_language(settings or desk_settings(1), language)
    equipment = equipped(settings, folder)
    equipment.store.close()
    return opened(equipment, settings, folder)


@dataclass
class Night:
    """A desk, and what its officer gets and answers."""

    desk: Desk
    language: str = "nl"
    _read: dict[str, Message] = field(default_factory=dict, init=False, repr=False)  # our mails, by digest

    def read(self, sent: OutboxMail) -> Message:
        """Returns a mail of ours as its reader's program parses it, once."""
        if sent.digest not in self._read:
            self._read[sent.digest] = self.desk.env.parser.parse(self.desk.env.octets.get(sent.digest))
        return self._read[sent.digest]

    def referred(self, subject: str, text: str = "Zie https://x.example/1", extra: Sequence[str] = ()) -> OutboxMail:
        """A stranger's mail opens a case; returns the officer's notice of it."""
        self.desk.receive(
            mail(
                REFERRER, subject, text, at=self.desk.clock.now(), extra=extra, message_id=f"r{next(_serial)}@l.example"
            )
        )
        return self.latest(Kind.OFFICER_NOTICE)

    def fresh(self) -> OutboxMail:
        """A quarter of an hour later, a mail like no other opens a case; returns the officer's notice of it."""
        self.desk.clock.set(self.desk.clock.now() + timedelta(minutes=15))
        word = sha256(str(next(_serial)).encode()).hexdigest()[:12]
        self.desk.receive(mail(f"{word}@lindewaard.example", f"Bericht {word}", f"Er is iets met {word}."))
        return self.latest(Kind.OFFICER_NOTICE)

    def latest(self, kind: Kind, recipient: str = OFFICER) -> OutboxMail:
        """Returns the last mail of that kind to that address."""
        found = [one for one in self.desk.mails(kind=kind) if one.recipient == recipient]
        return max(found, key=lambda one: one.id)

    def form(self, subject: str, text: str = "Zie https://x.example/1", word: str = "neem") -> OutboxMail:
        """A stranger's mail opens a case and the officer takes it; returns the form."""
        self.reply(self.referred(subject, text), word)
        return self.latest(Kind.REPLY_ANSWER)

    def body(self, sent: OutboxMail) -> str:
        """Returns the text of a mail of ours as its reader sees it."""
        return self.read(sent).text

    def reply(  # noqa: PLR0913 - what one reply can differ in from another; most calls name none or one
        self, sent: OutboxMail, text: str, *, kind: Sequence[str] = PLAIN, headers: Sequence[str] = (),
        by: str = ANNA, to: str | None = None, message_id: str | None = None,
    ) -> StoredMessage:  # fmt: skip
        """The officer replies to a mail of ours; returns the row of the reply."""
        return self.desk.receive(
            self.octets(sent, text, kind=kind, headers=headers, by=by, to=to, message_id=message_id)
        )

    def octets(  # noqa: PLR0913 - as above
        self, sent: OutboxMail, text: str, *, kind: Sequence[str] = PLAIN, headers: Sequence[str] = (),
        by: str = ANNA, to: str | None = None, message_id: str | None = None, answers: str | None = None,
    ) -> bytes:  # fmt: skip
        """Returns a reply to a mail of ours, as our server delivers it."""
        ours = self.read(sent)
        domain = by.rpartition("@")[2].rstrip(">")
        answered = answers or sent.message_id
        lines = [
            f"Authentication-Results: {SERVER}; dmarc=pass header.from={domain}",
            f"Received: from mail.{domain} by {SERVER} with ESMTPS; {format_datetime(self.desk.clock.now())}",
            *headers,
            f"From: {by}",
            f"To: {to or ours.reply_to[0].address}",
            f"Subject: Re: {ours.subject}",
            f"Message-ID: <{message_id or f'answer{next(_serial)}@{domain}'}>",
            f"Date: {format_datetime(self.desk.clock.now())}",
            f"In-Reply-To: <{answered}>",
            f"References: <{answered}>",
            *kind,
        ]
        return "\r\n".join((*lines, "", *text.split("\n"), "")).encode()

    def acted(self, since: int) -> list[EventKind]:
        """Returns the acts among the events since then."""
        return [event.kind for event in self.desk.events()[since:] if event.kind in ACTS]

    def events(self) -> int:
        """Returns the number of events so far."""
        return len(self.desk.events())

    def answers(self, reply: StoredMessage) -> list[str]:
        """Returns the texts of the mails that answer that reply; all go to the officer's listed address."""
        found = [
            one for one in self.desk.mails(kind=Kind.REPLY_ANSWER) if reply.message_id in self.read(one).in_reply_to
        ]
        assert {one.recipient for one in found} <= {OFFICER}
        return [self.body(one) for one in found]

    def case(self, sent: OutboxMail) -> Case:
        """Returns the case that a mail of ours is about."""
        return self.desk.case(str(sent.case))


def quoted(text: str) -> str:
    """Returns a text as mail programs quote it."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def alternatives(plain: str, markup: str) -> str:
    """Returns the body of a mail with the same words as text and as HTML, or so its writer says."""
    parts = (("plain", plain), ("html", markup))
    cut = [f"--cut\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n" for kind, body in parts]
    return "".join((*cut, "--cut--"))
