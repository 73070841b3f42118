# SPDX-License-Identifier: EUPL-1.2
"""Hostile and lost mail costs itself alone: a delivery of many mails, a heavy first mail, a file gone from the archive.

The seconds are those of processor time, of the desk and of its parser.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.exchange import processor_time
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.commands.cases import AssignCase
from flaggermail.commands.write_referrer import AskReferrer
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Message
from flaggermail.outbox import delivery
from flaggermail.ports import Parser
from flaggermail.record.audit import FileState
from flaggermail.record.case_values import Item
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, changed
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Alarm, OutboxMail, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.wording.filing import PlacementBasis
from tests.both_shapes import words_of
from tests.pace import within
from tests.store.conftest import desk as desk  # noqa: PLC0414 - a fixture
from tests.store.conftest import migrated_file as migrated_file  # noqa: PLC0414 - a fixture
from tests.store.conftest import new_desk as new_desk  # noqa: PLC0414 - a fixture
from tests.store.desk_fixtures import OFFICER, REFERRER, Desk, mail

TEXT = "Er gaat een bericht rond dat u twee vakjes moet kleuren."
HEAVY = "Van: a\nVerzonden: b\n"  # lines that begin a header block, again and again: the parser tries each
MEGABYTE = 1024 * 1024
MOST = 18.0  # seconds; three times what the slowest takes


def attached(mails: list[str]) -> bytes:
    """Returns a referral with these texts attached as mails."""
    parts = [f"--cut\nContent-Type: text/plain\n\n{TEXT}\n"]
    for number, text in enumerate(mails):
        head = f"From: bron{number}@elders.example\nTo: x@y.example\nSubject: Bron {number}\nMessage-ID: <{number}@e>\n"
        parts.append(f"--cut\nContent-Type: message/rfc822\n\n{head}\n{text}\n")
    extra = ('Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0")
    return mail(REFERRER, "Bericht over stembiljet", "".join(parts) + "--cut--\n", extra=extra)


def heavy(octets: int) -> str:
    """Returns text of about that many octets that is costly to parse."""
    return HEAVY * (octets // len(HEAVY))


def notice_of(desk: Desk, stored: StoredMessage) -> str:
    """Returns the text of the notice of a mail."""
    found = desk.one(
        OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(stored.id)
    )
    return str(words_of(desk.env.octets.get(found.digest)))


@dataclass
class CountingParser(Parser):
    """A parser that counts how often each mail was parsed."""

    inner: Parser
    parsed: dict[str, int] = field(default_factory=dict)

    def _counted(self, message: Message) -> Message:
        self.parsed[message.sha256] = self.parsed.get(message.sha256, 0) + 1
        return message

    def parse(self, octets: bytes) -> Message:
        """Parses and counts."""
        return self._counted(self.inner.parse(octets))

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """Parses and counts."""
        return [self.parse(octets) for octets in many]

    def parse_again(self, octets: bytes) -> Message:
        """Counts it as a mail that is parsed."""
        return self.parse(octets)

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Parses and counts."""
        message, attached = self.inner.parse_delivery(octets)
        return self._counted(message), tuple(map(self._counted, attached))

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Parses and counts."""
        return [self.parse_delivery(octets) for octets in many]

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Reads an attachment, which is not counted."""
        return self.inner.attachment(octets, number)

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Passes the question on."""
        return self.inner.hops(octets)

    def close(self) -> None:
        """Closes nothing."""


@pytest.mark.slow
def test_25_mb_with_45_attached_mails(desk: Desk) -> None:
    """They are taken in within seconds: what did not fit is archived, listed and told; the next mail is read."""
    octets = attached([heavy(560_000 + number) for number in range(45)])
    assert len(octets) > 24 * MEGABYTE
    desk.receive(mail("x@y.example", "Vooraf", "Start de parser."))
    begun = worked(desk)
    stored = desk.receive(octets)
    took = worked(desk) - begun
    print(f"25 MB with 45 attached mails: {took:.1f} s")  # noqa: T201 - the measured figure
    assert within(took, MOST)
    assert stored.place == "case"
    inner = desk.messages(match_basis=PlacementBasis.ENCLOSED(message=stored.id))
    assert len(inner) == 45
    assert all(row.subject == f"Bron {number}" for number, row in enumerate(inner))
    assert all(desk.env.octets.get(row.digest) for row in inner)
    unread = [row for row in inner if row.defects]
    assert unread
    desk.settle()
    assert f"{len(unread)} bijgevoegde mails zijn niet gelezen" in " ".join(notice_of(desk, stored).split())
    assert desk.receive(mail("z@y.example", "Daarna", "Gewone mail.")).defects == ()
    desk.assert_whole()


@pytest.mark.slow
def test_a_hostile_first_mail_costs_its_case_nothing_afterwards(desk: Desk) -> None:
    """It is parsed once: not for the next mails of the same sender, for the case form, or for a question."""
    parser = CountingParser(desk.env.parser)
    desk.env = replace(desk.env, parser=parser)
    first = desk.receive(mail(REFERRER, "Stembiljet", f"{TEXT}\n{heavy(2 * MEGABYTE)}"))
    assert (first.case, first.costly) == ("VF-EP2024-0001", True)
    begun = worked(desk)
    for number in range(5):
        desk.receive(mail(REFERRER, f"Vraag {number}", "Hebt u al antwoord?"))
        desk.receive(mail("ander@lindewaard.example", "Stembiljet", f"Nog een melding {number}. {TEXT}"))
    desk.do(AskReferrer(case="VF-EP2024-0001", items=(), text=""))
    took = worked(desk) - begun
    print(f"ten mails after it: {took:.1f} s")  # noqa: T201 - the measured figure
    assert parser.parsed[first.digest] == 1
    assert within(took, 5)
    answer_notice(desk, first)
    assert parser.parsed[first.digest] == 1
    desk.assert_whole()


def test_many_mails_of_a_referrer_cost_no_more_than_ten(desk: Desk) -> None:
    """A referrer who writes again and again makes the desk read the referral and the newest nine again, not all."""
    parser = CountingParser(desk.env.parser)
    desk.receive(mail(REFERRER, "Stembiljet", TEXT))
    told = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.INTAKE_CONFIRMATION))
    for number in range(20):
        answer = mail(REFERRER, "Re: Stembiljet", f"Nummer {number}.", answers=told.message_id)
        assert desk.receive(answer).case == "VF-EP2024-0001"
    desk.env = replace(desk.env, parser=parser)
    desk.do(AskReferrer(case="VF-EP2024-0001", items=(), text=""))
    assert sum(parser.parsed.values()) == 10


@pytest.mark.slow
def test_four_hundred_attached_mails_with_hostile_headers(desk: Desk) -> None:
    """Reading headers alone is bounded too, as is filing what was attached."""
    words = "".join(f"X-{number}: =?utf-8?q?a?= =?utf-8?b?YQ==?= (((((\n" for number in range(1400))
    parts = [f"--cut\nContent-Type: message/rfc822\n\n{words}From: a{n}@e.example\n\nx\n" for n in range(390)]
    extra = ('Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0")
    octets = mail(REFERRER, "Kijk", f"--cut\n\n{TEXT}\n" + "".join(parts) + "--cut--\n", extra=extra)
    desk.receive(mail("x@y.example", "Vooraf", "Start de parser."))
    begun = worked(desk)
    desk.receive(octets)
    took = worked(desk) - begun
    print(f"{len(octets) // MEGABYTE} MB with 390 attached mails: {took:.1f} s")  # noqa: T201 - the measured figure
    assert within(took, MOST)


def worked(desk: Desk) -> float:
    """Returns the seconds of processor time so far, of this process and of the parsing processes it had and has."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    parser = desk.env.parser.inner if isinstance(desk.env.parser, CountingParser) else desk.env.parser
    assert isinstance(parser, ContainedParser)
    return time.process_time() + ended.ru_utime + ended.ru_stime + (processor_time(parser.pid or 0) or 0.0)


def answer_notice(desk: Desk, stored: StoredMessage) -> None:
    """Lets the officer take the case by mail; the form says that the mail is not shown."""
    desk.settle()
    notice = desk.one(
        OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(stored.id)
    )
    desk.receive(mail(OFFICER, "Re: nieuwe zaak", "neem", answers=notice.message_id))
    form = next(row for row in desk.mails(kind=Kind.REPLY_ANSWER))
    assert "staat hier niet" in words_of(desk.env.octets.get(form.digest))


@pytest.mark.slow
def test_a_costly_mail_of_before_costs_once_more(desk: Desk) -> None:
    """A row without the mark is marked when its cost is noticed, and then left alone."""
    parser = CountingParser(desk.env.parser)
    first = desk.receive(mail(REFERRER, "Stembiljet", f"{TEXT}\n{heavy(2 * MEGABYTE)}"))
    with desk.env.store.begin() as tx:
        unmarked = changed(first, replace(first, costly=False))
        tx.append(Event(EventKind.MESSAGE_RECLASSIFIED, desk.clock.now(), "officer1", (unmarked,)))
    desk.env = replace(desk.env, parser=parser)
    for number in range(4):
        desk.receive(mail(REFERRER, f"Vraag {number}", "Hebt u al antwoord?"))
    assert parser.parsed[first.digest] == 1
    assert desk.message(first.id).costly
    assert desk.happened(EventKind.MESSAGE_COSTLY) == 1
    desk.assert_whole()


# ---------------------------------------------------------------- a file that is lost

DAMAGE: Mapping[str, bytes | None] = {"missing": None, "other octets": b"other", "empty": b""}


def lose(desk: Desk, digest: str, octets: bytes | None) -> Path:
    """Removes or damages an archive file; returns its path."""
    root: Path = vars(desk.env.octets)["_root"]
    path = root / digest[:2] / digest
    path.unlink()
    if octets is not None:
        path.write_bytes(octets)
    return path


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_lost_first_mail_stops_nothing_behind_it(desk: Desk, damage: str) -> None:
    """Further mail of its case is filed and told, a question can be asked; one alarm names the lost mail."""
    first = desk.receive(mail(REFERRER, "Stembiljet", TEXT))
    desk.settle()
    lose(desk, first.digest, DAMAGE[damage])
    for number in range(3):
        later = desk.receive(mail(REFERRER, "Stembiljet", f"Nog iets over hetzelfde, {number}."))
        assert not later.reason.english.startswith("could not be judged")
    desk.settle()
    assert len(desk.messages(direction=Direction.IN)) == 4
    lost = desk.one(Alarm, where(Alarm.kind).is_(AlarmKind.OCTETS_LOST))
    assert first.id in lost.text
    desk.do(AskReferrer(case="VF-EP2024-0001", items=(Item.LINK,), text=""))
    desk.settle()
    assert len(desk.mails(state=MailState.QUEUED)) == 0
    desk.assert_whole()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_lost_mail_of_ours_lets_all_others_pass(desk: Desk, damage: str) -> None:
    """It waits, with one alarm that names it; others and the alarm leave; when its file is back, it leaves too."""
    desk.receive(mail(REFERRER, "Stembiljet", TEXT))
    first, *others = sorted(desk.mails(state=MailState.QUEUED), key=lambda row: row.id)
    octets = desk.env.octets.get(first.digest)
    path = lose(desk, first.digest, DAMAGE[damage])
    desk.settle()
    assert desk.mail(first.id).state == "queued"
    assert all(desk.mail(other.id).state == "accepted" for other in others)
    lost = desk.one(Alarm, where(Alarm.kind).is_(AlarmKind.OCTETS_LOST))
    assert first.id in lost.text
    assert [row.state for row in desk.mails(kind=Kind.ALARM)] == ["accepted"]
    desk.go_on(60)
    desk.go_on(60)
    assert len(desk.alarms(kind=AlarmKind.OCTETS_LOST)) == 1
    path.unlink(missing_ok=True)
    path.write_bytes(octets)
    desk.go_on(20)
    assert desk.mail(first.id).state == "accepted"
    desk.assert_whole()


def test_a_lost_mail_that_waited_for_a_server_lets_all_others_pass(desk: Desk) -> None:
    """While our server is unreachable the first mail is tried for all; lost meanwhile, it holds none of them up."""
    desk.receive(mail(REFERRER, "Stembiljet", TEXT))
    desk.server.says(0)
    desk.settle()
    first = next(row for row in desk.mails(state=MailState.QUEUED) if row.tries)
    lose(desk, first.digest, None)
    desk.server.script.clear()
    for _ in range(4):
        desk.go_on(20)
    assert [row.id for row in desk.mails(state=MailState.QUEUED)] == [first.id]


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name != "missing"])
def test_a_mail_whose_damaged_file_is_there_already_is_taken_in(desk: Desk, damage: str) -> None:
    """A second copy heals the file and goes on; the damaged one is kept beside it."""
    octets = mail(REFERRER, "Stembiljet", TEXT)
    first = desk.receive(octets)
    path = lose(desk, first.digest, DAMAGE[damage])
    desk.receive(octets)
    assert desk.env.octets.get(first.digest) == octets
    assert path.with_suffix(".damaged").read_bytes() == DAMAGE[damage]
    states = [file.state for file in desk.env.octets.files() if file.name.endswith(".damaged")]
    assert states == [FileState.SET_ASIDE]
    assert desk.receive(mail(REFERRER, "Daarna", "Gewone mail.")).id


def test_a_reply_that_needs_a_lost_mail_is_answered(desk: Desk) -> None:
    """An act that needs the lost octets is not carried out, the officer hears it, and the next mail is taken in."""
    waits = desk.receive(mail("nieuw@elders.example", "Vraag", "Wat moet ik doen?"))
    desk.settle()
    notice = desk.one(
        OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(waits.id)
    )
    lose(desk, waits.digest, None)
    desk.receive(mail(OFFICER, "Re: mail", "nieuw", answers=notice.message_id))
    desk.settle()
    (answer,) = desk.mails(kind=Kind.REPLY_ANSWER)
    assert "niet" in words_of(desk.env.octets.get(answer.digest))
    assert desk.receive(mail(REFERRER, "Stembiljet", TEXT)).place == "case"
    desk.assert_whole()


def test_a_lost_referral_can_be_taken(desk: Desk) -> None:
    """The case form comes without the text and says so."""
    first = desk.receive(mail(REFERRER, "Stembiljet", TEXT))
    desk.settle()
    lose(desk, first.digest, None)
    answer_notice(desk, first)
    desk.do(AssignCase(case="VF-EP2024-0001", officer="officer1"))
    assert delivery.drain(desk.env) >= 1
