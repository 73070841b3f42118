# SPDX-License-Identifier: EUPL-1.2
"""Whoever may append to the mailbox chooses INTERNALDATE: one that cannot be does not count, first sight does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flaggermail.commands.marks import MarkMessage
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.intake import poll
from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import MarkedAs
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import ArrivalBasis, Kind
from flaggermail.record.rows import StoredMessage
from flaggermail.stories.doubles import ListMailbox
from tests.both_shapes import words_of
from tests.store.desk_fixtures import OFFICER, REFERRER, START, Desk, mail
from tests.store.test_ingest import REFERRAL, RUNNING, after, answer_to, told

END = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "disputed"), [(0, False), (2, False), (2 + 1 / 60, True), (60, True), (43_200, True)]
)
def test_an_answer_from_the_future_counts_from_first_sight(
    desk: Desk,
    ahead: float,
    disputed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Put back into the mailbox under a later date, a genuine answer gives the minutes at which the desk saw it."""
    key = desk.notified()
    desk.clock.set(after(30))
    stored = desk.receive(answer_to(desk, key), at=after(30 + ahead))
    assert stored.disputed is disputed
    if not disputed:
        assert desk.clocks(key)["human"] == ("stopped", 30 + int(ahead))
        return
    assert (stored.received_at, stored.arrival) == (after(30), ArrivalBasis.FIRST_SIGHT)
    assert desk.clocks(key)["human"] == RUNNING
    assert OFFICER in told(desk)
    desk.clock.set(after(90))
    done = desk.do(ConfirmMessage(message=stored.id))
    assert desk.clocks(key)["human"] == ("stopped", 30)
    assert "counts from when the desk first saw it" in done.text.english


def test_what_the_server_wrote_is_kept_and_shown(desk: Desk) -> None:
    """The last minute of the calendar is text: the officer reads it, and no column holds it."""
    key = desk.notified()
    desk.clock.set(after(30))
    stored = desk.receive(answer_to(desk, key), at=END)
    assert "dates it 9999-12-31 23:59 UTC, later than the desk first saw it" in stored.reason.english
    assert "dateert deze mail op 31 december 9999 om 23:59 (UTC)" in stored.reason.in_language("nl")
    notice = desk.mails(kind=Kind.OFFICER_NOTICE, shows=stored.id)[-1]
    assert "Wanneer de mail aankwam, staat niet vast." in words_of(desk.env.octets.get(notice.digest))
    (copy,) = desk.deliveries(message=stored.id)
    assert (copy.internaldate, copy.arrival) == (after(30), ArrivalBasis.FIRST_SIGHT)
    desk.assert_whole()


def test_a_person_who_knows_better_says_when_it_came(desk: Desk) -> None:
    """The instant of first sight is the server's word no more than the claim: `message mark --at` names another."""
    key = desk.notified()
    desk.clock.set(after(50))
    stored = desk.receive(answer_to(desk, key), at=after(3000))
    desk.do(MarkMessage(message=stored.id, mark=MarkedAs.ANSWER, notification=key, at=after(41)))
    assert desk.clocks(key)["human"] == ("stopped", 41)


@pytest.mark.parametrize(
    ("internaldate", "written", "said"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "", "dates it 0001-01-01 00:00 UTC, before any such mail"),
        (datetime(1970, 1, 1, tzinfo=UTC), "", "dates it 1970-01-01 00:00 UTC, before any such mail"),
        (START, "2026-06-06 10:34:60 +2600", "dates it 2026-06-06 10:34:60 +2600, which is no instant"),
    ],
)
def test_an_instant_of_no_mail_is_text(desk: Desk, internaldate: datetime, written: str, said: str) -> None:
    """What lies before 1990, and what no calendar holds, counts from first sight as well."""
    octets = mail(REFERRER, *REFERRAL)
    ingest(desk.env, RawMessage(octets, internaldate, "INBOX", "1", "7", written=written))
    stored = desk.holding(octets)
    assert said in stored.reason.english
    assert (stored.disputed, stored.received_at) == (True, desk.clock.now())


def test_a_mailbox_of_before_the_clock_was_set_wakes_nobody(desk: Desk) -> None:
    """A first look at years of mail that some program dated 1970 is late mail: listed, and nobody is answered."""
    desk.receive(mail(REFERRER, *REFERRAL), at=datetime(1970, 1, 1, tzinfo=UTC))
    assert desk.one(StoredMessage).pending_digest
    assert desk.mails() == []


def test_a_second_copy_from_the_future_changes_nothing(desk: Desk) -> None:
    """A known answer keeps its arrival; what its copy claims is in the event."""
    key = desk.notified()
    desk.clock.set(after(30))
    octets = answer_to(desk, key)
    first = desk.receive(octets)
    desk.clock.set(after(40))
    assert desk.receive(octets.replace(b"from mail.", b"from relay."), at=END).id == first.id
    assert desk.clocks(key)["human"] == ("stopped", 30)
    seen = [event for event in desk.events() if event.kind is EventKind.DELIVERY_SEEN]
    assert "9999-12-31 23:59" in seen[-1].reason


def test_a_renumbered_folder_shows_no_new_copy_of_it(desk: Desk) -> None:
    """The copy is the same under another number, whether its claim is still impossible or time has caught up."""
    mailbox = ListMailbox(desk.env.settings.desk.mailbox)
    mailbox.deliver("inbox", mail(REFERRER, *REFERRAL), after(60))
    mailbox.deliver("inbox", mail(REFERRER, "Nog een", "Nog een bericht."), END)
    poll.look(desk.env, mailbox)
    desk.clock.set(after(120))
    mailbox.numbering = "2"
    poll.look(desk.env, mailbox)
    assert len(desk.messages(from_address=REFERRER)) == 2
    assert len(desk.deliveries()) == 2
