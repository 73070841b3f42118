# SPDX-License-Identifier: EUPL-1.2
"""Rate limits: digests in a storm of alarms, no lasting mail loop between machines, no reminder delayed by a flood."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import count
from unittest.mock import patch

import pytest

from flaggermail.intake import poll
from flaggermail.notices import digest, notices
from flaggermail.outbox import delivery
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Alarm, Case, HeldBack, OutboxMail, Record, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import SUPPRESSED
from flaggermail.reminders import sending
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import ListMailbox, SetClock
from flaggermail.wording.said import as_written
from tests import asking
from tests.both_shapes import words_of
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_late import mail, notify, queued, read

OFFICER = "a.jansen@bzk.example"
REFERRER = "a@lindewaard.example"


def alarm(env: Services, number: int, case: str | None = None) -> None:
    """Raises an alarm."""
    with env.store.begin() as tx:
        row = Alarm(
            id=f"refused/o{number}", kind=AlarmKind.REFUSED, case=case, text=as_written("x"), raised_at=env.clock.now()
        )
        notices.raise_alarm(UnitOfWork(env, tx, env.clock.now()), row, f"flaggermail outbox show o{number}")


def sent(env: Services, *kinds: Kind) -> list[OutboxMail]:
    """Returns all mail of these kinds that was ever queued."""
    with env.store.read() as tx:
        return tx.find(OutboxMail, where(OutboxMail.kind).in_(kinds))


def held(env: Services, *, told: bool) -> int:
    """Returns the number of suppressed notices and alarms, reported in a digest or not yet."""
    with env.store.read() as tx:
        return sum((row.told_at is not None) is told for row in tx.find(HeldBack))


def test_a_few_are_mails_and_many_are_one(env: Services, clock: SetClock) -> None:
    """Five alarms in a minute are sent one by one. The next tick names each of the others in one digest."""
    for number in range(12):
        alarm(env, number)
    assert len(sent(env, Kind.ALARM)) == 5
    assert held(env, told=False) == 7
    clock.set(NOW + timedelta(seconds=15))
    assert digest.tell_held_back(env) == 7
    assert digest.tell_held_back(env) == 0
    (one,) = sent(env, Kind.DIGEST)
    assert one.recipient == OFFICER
    text = words_of(env.octets.get(one.digest))
    assert {f"o{number}" for number in range(5, 12)} <= set(text.split())
    assert {"- toon NUMMER", "- stand"} <= set(text.splitlines())  # a telephone has no command line
    assert len(asking.alarms(env)) == 12  # each suppressed mail is still an alarm
    clock.set(NOW + timedelta(minutes=2))
    alarm(env, 12)
    assert len(sent(env, Kind.ALARM)) == 6  # the storm is over


def test_never_more_than_the_cap_of_an_hour(env: Services, clock: SetClock) -> None:
    """An alarm a minute yields thirty mails, then one digest a quarter of an hour, until all alarms are reported."""
    for number in range(120):
        clock.set(NOW + timedelta(minutes=number))
        alarm(env, number)
        digest.tell_held_back(env)
    for hour in range(2):
        begins, ends = NOW + timedelta(hours=hour), NOW + timedelta(hours=hour + 1)
        written = [m for m in sent(env, Kind.ALARM, Kind.DIGEST) if begins <= m.queued_at < ends]
        assert 30 <= len(written) <= 34
    clock.set(NOW + timedelta(hours=4))
    digest.tell_held_back(env)
    assert held(env, told=False) == 0
    assert held(env, told=True) + len(sent(env, Kind.ALARM)) == 120


def test_a_flood_of_notices_keeps_no_alarm_back(env: Services) -> None:
    """Notices and alarms have separate rate limits."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    for number in range(20):
        mailbox.deliver("inbox", mail(number, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), NOW)
    poll.look(env, mailbox)
    assert len(sent(env, Kind.OFFICER_NOTICE)) == 5
    alarm(env, 1)
    assert len(sent(env, Kind.ALARM)) == 1


def test_an_exercise_keeps_nothing_real_back(env: Services) -> None:
    """Alarms of an exercise have their own rate limit and their own digest, marked as an exercise."""
    use = notify(env, 1, NOW, exercise=True)
    for number in range(8):
        alarm(env, number, case=use.removesuffix("/1"))
    alarm(env, 8)
    assert len(sent(env, Kind.ALARM)) == 6
    assert digest.tell_held_back(env) == 3
    (one,) = sent(env, Kind.DIGEST)
    assert one.subject.startswith("OEFENING ")


def test_the_digest_names_the_mails_it_is_about(env: Services) -> None:
    """The digest names the sender and subject of each suppressed notice."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    for number in range(7):
        mailbox.deliver("inbox", mail(number, f"x{number}@elsewhere.example", f"Vraag {number}", "Wat is dit?"), NOW)
    poll.look(env, mailbox)
    digest.tell_held_back(env)
    (one,) = sent(env, Kind.DIGEST)
    text = words_of(env.octets.get(one.digest))
    assert "x5@elsewhere.example" in text
    assert "Vraag 6" in text
    assert "Vraag 4" not in text


def test_reminders_beyond_the_cap_come_together_and_the_head_hears_at_once(env: Services, clock: SetClock) -> None:
    """A step beyond the cap stays due until there is room and is sent once. An escalation is sent at once."""
    for number in range(1, 61):
        notify(env, number, NOW - timedelta(minutes=60) + timedelta(seconds=30 * number))
    for tick in range(30 * 4):
        clock.set(NOW + timedelta(seconds=15 * tick))
        sending.tick(env)
    assert len(sent(env, Kind.REMINDER)) <= 32
    notify(env, 61, clock.now() - timedelta(minutes=240))
    sending.tick(env)
    assert len(sent(env, Kind.ESCALATION)) == 1
    clock.set(NOW + timedelta(minutes=50))
    sending.tick(env)
    assert len({r.notification for r in asking.reminders(env, step=60)}) == len(asking.reminders(env, step=60)) == 60


def test_what_is_wanted_twice_is_counted(env: Services) -> None:
    """A second identical alarm is suppressed and counted."""
    alarm(env, 1)
    alarm(env, 1)
    with env.store.read() as tx:
        assert tx.reached(SUPPRESSED) == 1
    assert len(sent(env, Kind.ALARM)) == 1


# ---------------------------------------------------------------- mail loops


def test_one_sender_gets_so_many_answers_in_an_hour(env: Services) -> None:
    """Only ten answers an hour go to one sender.

    The rest are recorded as events, cases still open, others are answered.
    """
    mailbox = ListMailbox(env.settings.desk.mailbox)
    for number in range(14):
        mailbox.deliver("inbox", mail(number, REFERRER, f"Stemhulp {number}", forwarded(number)), NOW)
    mailbox.deliver("inbox", mail(99, "b@lindewaard.example", "Stembus", forwarded(99)), NOW)
    poll.look(env, mailbox)
    with env.store.read() as tx:
        assert len(tx.find(Case)) == 15
        assert sum(event.kind == EventKind.ANSWER_RATE_LIMITED for _, event in tx.events()) == 4
    answered = [m.recipient for m in sent(env, Kind.INTAKE_CONFIRMATION)]
    assert (answered.count(REFERRER), answered.count("b@lindewaard.example")) == (10, 1)


def forwarded(number: int) -> str:
    """Returns a text with a forwarded message, which makes an authority's mail a referral."""
    return (
        f"Kunt u dit bericht nummer {number} bekijken?\r\n\r\n---------- Forwarded message ---------\r\n"
        f"From: Inwoner <inwoner{number}@mailprovider.example>\r\nDate: Wed, 17 Mar 2027 at 09:{number % 60:02d}\r\n"
        f"Subject: Nep {number}\r\nTo: <{REFERRER}>\r\n\r\nEr gaat bericht {number} rond over stemmen op woensdag.\r\n"
    )


RESPONDER = (
    "Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}\r\n"
    "Received: from mail.{domain} by mx.bzk.example with ESMTPS\r\n"
    "From: {sender}\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: Re: {subject}\r\n"
    "Message-ID: <responder-{number}@{domain}>\r\n{declared}In-Reply-To: {answered}\r\nReferences: {references}\r\n\r\n"
    "We registered your message under number {number} and handle it in order.\r\n"
)


@pytest.mark.parametrize("declared", ["Auto-Submitted: auto-replied\r\n", ""], ids=["says so", "says nothing"])
@pytest.mark.parametrize("officer", [True, False], ids=["of an officer", "of a referrer"])
def test_two_machines_do_not_answer_each_other(
    env: Services, clock: SetClock, declared: str, officer: bool  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    """A machine answers each of the desk's mails at once for two hours and gets at most one answer."""
    mailbox, numbers = ListMailbox(env.settings.desk.mailbox), count(1)
    sender = OFFICER if officer else REFERRER
    if officer:
        notify(env, 1, NOW - timedelta(minutes=60))
        sending.tick(env)
    else:
        mailbox.deliver("inbox", mail(500, REFERRER, "Stemhulp", forwarded(500)), NOW)
        poll.look(env, mailbox)
    answered: set[str] = set()
    for minute in range(0, 120, 2):
        clock.set(NOW + timedelta(minutes=minute))
        sending.tick(env)
        delivery.drain(env)
        ours = [row for row in asking.mails(env, recipient=sender) if row.id not in answered]
        for row in ours:
            answered.add(row.id)
            letter = read(env.octets.get(row.digest))
            octets = RESPONDER.format(
                domain=sender.rpartition("@")[2], sender=sender, subject="melding", number=next(numbers),
                declared=declared, answered=letter["Message-ID"], references=letter["References"],
            )  # fmt: skip
            mailbox.deliver("inbox", octets.encode(), clock.now())
        poll.look(env, mailbox)
    answers = [m for m in sent(env, Kind.REPLY_ANSWER, Kind.INTAKE_CONFIRMATION, Kind.DECLINE) if m.recipient == sender]
    assert len(answers) <= 1
    assert len(answers) == (0 if officer and declared else 1)


def test_a_machine_that_says_something_else_each_time_is_answered_ten_times_an_hour(env: Services) -> None:
    """A sender of ever-changing text gets ten answers an hour; the suppressed ones are counted."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    notify(env, 1, NOW - timedelta(minutes=60))
    sending.tick(env)
    (reminder,) = sent(env, Kind.REMINDER)
    letter = read(env.octets.get(reminder.digest))
    for number in range(14):
        words = f"Wij danken u {'zeer ' * number}voor uw bericht."
        octets = mail(number, OFFICER, "Re: herinnering", words, answers=letter["Message-ID"].strip("<>"))
        mailbox.deliver("inbox", octets, NOW)
    poll.look(env, mailbox)
    assert len(sent(env, Kind.REPLY_ANSWER)) == 10
    with env.store.read() as tx:
        assert tx.reached(SUPPRESSED) == 4


def test_a_person_who_says_something_else_is_answered_again(env: Services, clock: SetClock) -> None:
    """A reply that is not understood is answered once for identical text, and again for other text."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    notify(env, 1, NOW - timedelta(minutes=60))
    sending.tick(env)
    (reminder,) = sent(env, Kind.REMINDER)
    letter = read(env.octets.get(reminder.digest))
    for number, words in enumerate(["okidoki", "okidoki", "doe maar wat"]):
        octets = mail(number, OFFICER, "Re: herinnering", words, answers=letter["Message-ID"].strip("<>"))
        mailbox.deliver("inbox", octets, clock.now())
        poll.look(env, mailbox)
    assert len(sent(env, Kind.REPLY_ANSWER)) == 2


# ---------------------------------------------------------------- a flood


def flooded(env: Services, mails: int) -> ListMailbox:
    """Builds a mailbox flooded by strangers, followed by an officer's and a platform's mail."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    mailbox.deliver("inbox", mail(0, "x@elsewhere.example", "Vraag", "Wat is dit?"), NOW)
    poll.look(env, mailbox)
    for number in range(1, mails + 1):
        mailbox.deliver("inbox", mail(number, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), NOW)
    mailbox.deliver("inbox", mail(mails + 1, OFFICER, "Even dit", "Zie je dit?"), NOW)
    mailbox.deliver("inbox", mail(mails + 2, "agent@x-platform.example", "About your request", "We look into it."), NOW)
    return mailbox


def poured(env: Services, mails: int) -> None:
    """Stores that many quarantined mails of the last ten minutes, each with a suppressed notice."""
    with env.store.begin() as tx:
        rows: list[Record] = []
        for number in range(mails):
            at = NOW - timedelta(seconds=number % 600)
            message = StoredMessage(
                id=f"m{tx.number('message'):08d}", message_id=f"poured-{number}@elsewhere.example",
                content_key=f"k{number}", digest="", direction=Direction.IN,
                from_address=f"p{number}@elsewhere.example",
                received_at=at, first_seen_at=at, place=Place.QUARANTINE,
            )  # fmt: skip
            held = HeldBack(
                id=f"h{tx.number('held back'):08d}", officer="officer1", kind=Kind.OFFICER_NOTICE, held_at=at,
                dedupe=f"notice/{message.id}", what="unplaced mail", next_step="flaggermail quarantine list",
            )  # fmt: skip
            rows += [message, held]
        tx.append(Event(EventKind.MESSAGE_TAKEN_IN, NOW, "daemon", tuple(map(added, rows))))


def test_what_somebody_waits_for_comes_first(env: Services) -> None:
    """In a flood, mail of officers and platforms is filed first, once, and the folder is read to its end."""
    mailbox = flooded(env, 60)
    assert poll.look(env, mailbox) == 62
    with env.store.read() as tx:
        filed = sorted(
            (m for m in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))), key=lambda m: m.id
        )
        cursor = tx.cursor("INBOX")
    assert [message.from_address for message in filed[1:3]] == [OFFICER, "agent@x-platform.example"]
    assert len(filed) == 63
    assert cursor is not None
    assert cursor.position == "1/63"


@pytest.mark.parametrize(
    ("limits", "first"), [({}, 21), ({"priority_per_sender": 5}, 6), ({"priority_per_hour": 6}, 6)], ids=str
)
def test_of_a_flood_under_a_known_name_a_few_go_first(env: Services, limits: dict[str, int], first: int) -> None:
    """Priority is limited per sender and per hour. Mail beyond the limits is filed in order of arrival."""
    storms = env.settings.desk.rate_limits.model_copy(update=limits)
    desk = env.settings.desk.model_copy(update={"rate_limits": storms})
    quota = replace(env, settings=env.settings.model_copy(update={"desk": desk}))
    mailbox = flooded(quota, 40)
    late = [mail(n, "Agent <agent@x-platform.example>", "Again", f"Number {n}.") for n in range(100, 130)]
    for octets in late:
        mailbox.deliver("inbox", octets, NOW)
    assert poll.look(quota, mailbox) == 72
    uids = {d.message: int(d.item) for d in asking.deliveries(env)}
    filed = sorted((m for m in asking.messages(env, direction=Direction.IN)), key=lambda m: m.id)
    order = [uids[m.id] for m in filed]
    assert len(filed) == len(set(order)) == 73
    assert order[1 + first :] == sorted(order[1 + first :])
    assert all(uid > 41 for uid in order[1 : 1 + first])
    assert order[1 + first] == 2


def test_an_end_in_the_middle_of_a_flood_loses_nothing(env: Services) -> None:
    """Mail filed with priority does not advance the folder's cursor, so a crash in the middle loses nothing."""
    mailbox = flooded(env, 60)
    # The process dies between the priority mails and the others.
    with patch.object(mailbox, "fetch_after", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        poll.look(env, mailbox)
    with env.store.read() as tx:
        assert len(tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))) == 3
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position == "1/1"
    poll.look(env, mailbox)
    assert len(asking.messages(env, direction=Direction.IN)) == 63


def test_a_reminder_is_not_late_in_a_flood(env: Services) -> None:
    """A tick gets its turn while a flood of 5,000 mails is taken in: the reminder is queued before half of them are."""
    mailbox = flooded(env, 200)
    poured(env, 4_800)
    notify(env, 1, NOW - timedelta(minutes=60))
    intake = threading.Thread(target=poll.look, args=(env, mailbox))
    intake.start()
    while intake.is_alive() and taken_in(env) < 20:
        intake.join(0.01)
    assert sending.tick(env) == 1
    meanwhile = taken_in(env)
    intake.join(10 * PATIENCE)
    assert meanwhile < 2_500
    assert queued(env).count("reminder") == 1


def taken_in(env: Services) -> int:
    """Returns the number of the mail up to which the inbox was read."""
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    return int(cursor.position.removeprefix("1/")) if cursor else 0
