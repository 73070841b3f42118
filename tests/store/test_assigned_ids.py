# SPDX-License-Identifier: EUPL-1.2
"""A server gave our mail another Message-ID: answers and reports that name it are about our mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from flaggermail.ports import Accepted, Submission
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import AssignedBy, Direction, Kind
from flaggermail.record.rows import AssignedId, Reminder
from flaggermail.record.states import MailState
from tests.store.desk_fixtures import DESK, OFFICER, X_CHANNEL, Desk, X, mail, report_of

TOLD = "AM6PR0001.eurprd01@prod.mailcloud.example"


def rename(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the server tells under which Message-ID each mail leaves: `TOLD` after a number."""
    submit = desk.server.submit

    def renaming(octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        count = len(desk.server.envelopes)
        return [
            replace(answer, message_id=f"{count + 1}.{TOLD}") if isinstance(answer, Accepted) else answer
            for answer in submit(octets, sender, recipients, witness)
        ]

    monkeypatch.setattr(desk.server, "submit", renaming)


def as_stored(octets: bytes, message_id: str, *, header: bool = True) -> bytes:
    """Returns mail of ours as Exchange stores it: another Message-ID, another body, our own header kept or not."""
    head, _, body = octets.partition(b"\r\n\r\n")
    head = re.sub(rb"(?mi)^Message-ID: <[^>]+>", b"Message-ID: <" + message_id.encode() + b">", head)
    if not header:
        head = re.sub(rb"(?mi)^X-Flaggermail-Ref: .*\r\n", b"", head)
    return head + b"\r\n\r\n" + body.replace(b"\r\n\r\n", b"\r\n\r\nChecked by our server.\r\n")


def sent(desk: Desk) -> tuple[str, bytes]:
    """Returns a notification that was sent, and the octets that the platform's server got."""
    key = desk.notified()
    (envelope,) = desk.server.to(X_CHANNEL)
    return key, envelope.octets


def assigned(desk: Desk) -> dict[str, tuple[str, str]]:
    """Returns what was learned: our Message-ID and where it was learned, by the one that the server gave."""
    return {row.id: (row.ours, row.source) for row in desk.all(AssignedId)}


def test_the_server_told_it_and_an_answer_names_it_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer whose only key is the Message-ID that the server told at the end of DATA is placed and stops clocks."""
    rename(desk, monkeypatch)
    key, _ = sent(desk)
    name = next(name for name, (ours, _) in assigned(desk).items() if ours == desk.message_id_of(key))
    stored = desk.receive(mail(answers=name, subject="Re: your report"))
    assert (stored.case, stored.notification) == (desk.notification(key).case, key)
    assert stored.match_basis.english == "token of ours"
    assert desk.clocks(key)["receipt"] == ("stopped", 0)
    desk.assert_whole()


def test_an_unknown_name_places_nothing(desk: Desk) -> None:
    """Without the server's word the same answer waits for a person: the name alone proves nothing."""
    key, _ = sent(desk)
    stored = desk.receive(mail(answers=f"1.{TOLD}", subject="Re: your report"))
    assert (stored.case, desk.clocks(key)["receipt"]) == (None, ("running", None))
    assert assigned(desk) == {}


@pytest.mark.parametrize("field", ["X-MS-Exchange-Parent-Message-Id", "In-Reply-To"])
def test_an_automatic_answer_names_it_in_a_field_of_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Exchange names the mail that it answers in a field of its own; that is a reference like any other."""
    rename(desk, monkeypatch)
    key, _ = sent(desk)
    name = next(name for name, (ours, _) in assigned(desk).items() if ours == desk.message_id_of(key))
    extra = (f"{field}: <{name}>", "Auto-Submitted: auto-replied")
    stored = desk.receive(mail(subject="Automatic reply: your report", text="We received it.", extra=extra))
    assert stored.notification == key
    assert desk.clocks(key)["receipt"] == ("stopped", 0)


def test_a_report_that_names_it_is_about_our_mail(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounce with the server's own Message-ID and no header of ours takes the sending back."""
    rename(desk, monkeypatch)
    key, _ = sent(desk)
    name = next(name for name, (ours, _) in assigned(desk).items() if ours == desk.message_id_of(key))
    desk.receive(report_of(name, X_CHANNEL))
    assert desk.mail_of(key).state == MailState.REFUSED
    assert {state for state, _ in desk.clocks(key).values()} == {"cancelled"}


def test_a_copy_in_sent_is_known_by_our_header_and_teaches(desk: Desk) -> None:
    """The stored copy has another Message-ID and another body; our header names ours, and the copy teaches the other.

    It is a delivery of our own mail, not a mail of a colleague.
    """
    key, octets = sent(desk)
    before = len(desk.messages())
    own = desk.receive(as_stored(octets, TOLD), folder="Sent")
    assert (own.direction, own.message_id) == (Direction.OUT, desk.message_id_of(key))
    assert len(desk.messages()) == before
    assert assigned(desk) == {TOLD: (desk.message_id_of(key), AssignedBy.COPY)}
    assert desk.happened(EventKind.MESSAGE_ID_LEARNED) == 1
    again = desk.receive(as_stored(octets, TOLD), folder="Sent", at=desk.clock.now())
    assert again.id == own.id
    assert desk.happened(EventKind.MESSAGE_ID_LEARNED) == 1
    answer = desk.receive(mail(answers=TOLD, subject="Re: your report"))
    assert answer.notification == key
    desk.assert_whole()


def test_the_original_is_named_by_exchange_itself(desk: Desk) -> None:
    """Where our header is gone, the field in which Exchange keeps the original Message-ID does the same."""
    key, octets = sent(desk)
    field = f"X-Microsoft-Original-Message-ID: <{desk.message_id_of(key)}>\r\n".encode()
    own = desk.receive(field + as_stored(octets, TOLD, header=False), folder="Sent")
    assert own.message_id == desk.message_id_of(key)
    assert list(assigned(desk)) == [TOLD]


def test_a_doubt_is_settled_by_such_a_copy(desk: Desk) -> None:
    """A notification whose answer was lost was sent, once its changed copy lies in Sent."""
    key = desk.approved()
    desk.server.says(-1, X_CHANNEL)
    desk.settle()
    assert desk.mail_of(key).state == MailState.UNCERTAIN
    desk.receive(as_stored(desk.server.to(X_CHANNEL)[0].octets, TOLD), folder="Sent")
    assert desk.mail_of(key).state == MailState.ACCEPTED
    assert desk.clocks(key)["receipt"] == ("running", None)


def test_a_copy_in_the_inbox_teaches_nothing(desk: Desk) -> None:
    """Who got our mail can send it to us under a name of their choice: only the folder of sent mail teaches."""
    key, octets = sent(desk)
    head, _, body = octets.partition(b"\r\n\r\n")
    head = re.sub(rb"(?mi)^Message-ID: <[^>]+>", b"Message-ID: <forged@elsewhere.example>", head)
    desk.receive(head + b"\r\n\r\n" + body)
    desk.receive(as_stored(octets, TOLD))
    assert assigned(desk) == {}
    assert desk.receive(mail(answers="forged@elsewhere.example", subject="Re: x")).case is None
    assert desk.mail_of(key).state == MailState.ACCEPTED


def test_a_name_that_another_mail_bears_is_not_learned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that tells the Message-ID of a mail that we received does not make its answers ours."""
    theirs = desk.receive(mail(sender=X, subject="News", text="Something else.", message_id=f"1.{TOLD}"))
    rename(desk, monkeypatch)
    sent(desk)
    assert theirs.message_id not in assigned(desk)
    assert len(assigned(desk)) == len(desk.server.envelopes) - 1


def test_our_header_of_another_author_is_no_copy(desk: Desk) -> None:
    """A colleague's own mail in Sent, from another address, is not taken for ours though it bears our header."""
    key, octets = sent(desk)
    foreign = as_stored(octets, TOLD).replace(f"<{DESK}>".encode(), b"<a.jansen@bzk.example>", 1)
    stored = desk.receive(foreign, folder="Sent")
    assert stored.message_id == TOLD
    assert desk.deliveries(message=stored.id)
    assert assigned(desk) == {}
    assert key


def test_an_officers_reply_names_it_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply whose program kept no other reference than the server's Message-ID acts on the mail that it answers."""
    rename(desk, monkeypatch)
    key = desk.notified()
    desk.go_on(61)
    (sent_reminder,) = desk.mails(kind=Kind.REMINDER)
    name = next(name for name, (ours, _) in assigned(desk).items() if ours == sent_reminder.message_id)
    reply = mail(OFFICER, f"Re: {sent_reminder.subject}", "ok", answers=name, at=desk.clock.now())
    desk.receive(reply)
    assert desk.one(Reminder).acknowledged_by == "officer1"
    assert desk.notification(key).state == "sent"
