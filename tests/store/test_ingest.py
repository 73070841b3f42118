# SPDX-License-Identifier: EUPL-1.2
"""Ingesting one mail: every situation that decides where it is filed and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import Acknowledge
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.intake import poll
from flaggermail.intake.ingest import ingest, ingest_batches
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Message, SenderVerdict, Verdict
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import (
    Alarm,
    Case,
    ClockRow,
    Decline,
    Reminder,
)
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context, RuleSet
from flaggermail.rules.conditions import Find
from flaggermail.stories.doubles import ListMailbox
from flaggermail.wording.said import as_written
from tests.both_shapes import words_of
from tests.store.desk_fixtures import CITIZEN, DESK, HEAD, META, OFFICER, REFERRER, START, Desk, X, mail
from tests.tools.wording import english

RUNNING = ("running", None)
REFERRAL = ("Bericht over stembiljet", "Er gaat een bericht rond dat u twee vakjes moet kleuren.")


def after(minutes: float) -> datetime:
    """Returns the instant that many minutes after the start."""
    return START + timedelta(minutes=minutes)


def answer_to(desk: Desk, notification: str, auth: str | None = "pass") -> bytes:
    """Builds a platform's answer to a notification."""
    return mail(answers=desk.message_id_of(notification), at=desk.clock.now(), auth=auth)


def told(desk: Desk, kind: str = "officer_notice") -> list[str]:
    """Returns the recipients of queued mails of that kind, without the approval mails."""
    mails = desk.mails(kind=Kind(kind))
    return [envelope.recipient for envelope in mails if not envelope.dedupe.startswith("approval/")]


# ---- deliveries


def test_second_delivery_is_the_same_message(desk: Desk) -> None:
    """Two copies are one message with two deliveries, one case and one confirmation."""
    octets = mail(REFERRER, *REFERRAL)
    first = desk.receive(octets)
    again = desk.receive(octets.replace(b"from mail.", b"from relay."), at=after(3))
    assert again.id == first.id
    assert len(desk.deliveries(message=first.id)) == 2
    assert (len(desk.cases()), told(desk, "intake_confirmation")) == (1, [REFERRER])


def test_two_copies_in_one_second_are_two_deliveries(desk: Desk) -> None:
    """Two identical mails that arrive in the same second are recorded as two deliveries."""
    octets = mail(REFERRER, *REFERRAL)
    first = desk.receive(octets)
    desk.receive(octets)
    assert len(desk.deliveries(message=first.id)) == 2


def test_same_delivery_seen_twice_changes_nothing(desk: Desk) -> None:
    """A mail that was ingested just before a crash is not ingested again."""
    raw = RawMessage(mail(REFERRER, *REFERRAL), START, "INBOX", "1", "7")
    ingest(desk.env, raw)
    before = len(desk.events())
    assert ingest(desk.env, raw) == "seen before"
    assert len(desk.events()) == before


def test_earliest_delivery_sets_the_clock(desk: Desk) -> None:
    """An earlier copy that is found later moves the stop of the clock back; a later copy changes nothing."""
    key = desk.notified()
    desk.clock.set(after(97))
    octets = answer_to(desk, key)
    stored = desk.receive(octets)
    desk.receive(octets, at=after(98), folder="Archive")
    assert desk.clocks(key)["human"] == ("stopped", 97)
    desk.receive(octets, at=after(96), folder="Other")
    assert desk.clocks(key)["human"] == ("stopped", 96)
    assert desk.message(stored.id).received_at == after(96)
    assert desk.happened(EventKind.DELIVERY_SUPERSEDED) == 1


def test_same_message_id_with_other_content_is_kept_and_flagged(desk: Desk) -> None:
    """Both messages are filed, and the second names the first."""
    first = desk.receive(mail(REFERRER, *REFERRAL, message_id="one@lindewaard.example"))
    second = desk.receive(mail(REFERRER, "Iets anders", "Een ander bericht.", message_id="one@lindewaard.example"))
    assert second.id != first.id
    assert (first.same_id_as, second.same_id_as) == (None, first.id)


def test_same_content_under_another_message_id_is_another_message(desk: Desk) -> None:
    """Two reports with the same text in the same second are two messages."""
    one = desk.receive(mail(X, "Status", "Report.", message_id="1@x-platform.example"))
    two = desk.receive(mail(X, "Status", "Report.", message_id="2@x-platform.example"))
    assert one.id != two.id


# ---- arrival and verdict


@pytest.mark.parametrize(("internaldate", "disputed"), [(7, True), (8, False), (10, False)])
def test_arrival_before_our_last_look_is_disputed(desk: Desk, internaldate: int, disputed: bool) -> None:  # noqa: FBT001 - a column of the table
    """An arrival over two minutes before a complete look that did not show the mail stops nothing until confirmed."""
    key = desk.notified()
    desk.clock.set(after(10))
    poll.look(desk.env, ListMailbox(desk.env.settings.desk.mailbox))
    desk.clock.set(after(11))
    octets = mail(answers=desk.message_id_of(key), at=after(internaldate))
    stored = desk.receive(octets, at=after(internaldate) - timedelta(seconds=disputed))
    assert stored.disputed is disputed
    if not disputed:
        assert desk.clocks(key)["human"] == ("stopped", internaldate)
        return
    assert desk.clocks(key)["human"] == RUNNING
    desk.do(ConfirmMessage(message=stored.id))
    assert desk.row(ClockRow, f"{key}/human").stopped_at == stored.received_at


def test_arrival_far_from_our_own_servers_line_is_disputed(desk: Desk) -> None:
    """If the mailbox and our receiving server disagree about the arrival, a person decides."""
    key = desk.notified()
    desk.clock.set(after(30))
    stored = desk.receive(mail(answers=desk.message_id_of(key), at=after(20)), at=after(24))
    assert stored.disputed
    assert desk.clocks(key)["receipt"] == RUNNING
    assert "our own server took it at 2024-06-06 08:54 UTC" in stored.reason.english


def test_the_notice_of_a_disputed_arrival_shows_where_the_time_was_lost(desk: Desk) -> None:
    """The officer sees each server with its clock and the seconds since the one before, marked as others' words."""
    key = desk.notified()
    desk.clock.set(after(30))
    octets = mail(answers=desk.message_id_of(key), at=after(20))
    slow = b"Received: by queue.platform.example with LMTP id 1; Thu, 6 Jun 2024 08:42:00 +0000\r\n"
    head, _, rest = octets.partition(b"From:")
    stored = desk.receive(head + slow + b"From:" + rest, at=after(24))
    assert stored.disputed
    notice = desk.mails(kind=Kind.OFFICER_NOTICE, shows=stored.id)[-1]
    text = words_of(desk.env.octets.get(notice.digest))
    assert "Wanneer de mail aankwam, staat niet vast." in text
    (first, last) = [line for line in text.splitlines() if line.startswith("| - ")]
    assert first == "| - 6 juni 2024 om 10:42: queue.platform.example (LMTP)"
    assert "10:54, na 720 seconden: " in last


def test_hops_are_read_for_no_other_mail(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary intake does not ask for the hops, which would cost each mail more than parsing does."""
    asked: list[bytes] = []

    def read(_parser: object, octets: bytes) -> tuple[Hop, ...]:
        asked.append(octets)
        return ()

    monkeypatch.setattr(type(desk.env.parser), "hops", read)
    key = desk.notified()
    assert not desk.receive(answer_to(desk, key)).disputed
    assert not desk.receive(mail(REFERRER, *REFERRAL)).disputed
    assert not asked


def test_answer_from_before_the_sending_is_shown_to_a_person(desk: Desk) -> None:
    """An answer dated before the sending stops nothing until a person decides; the outcome names the way out."""
    key = desk.notified()
    stored = desk.receive(mail(answers=desk.message_id_of(key), at=after(-30)), at=after(-30))
    assert stored.disputed
    assert stored.reason.english.endswith("before the sending at 2024-06-06 08:34 UTC")
    assert desk.clocks(key)["receipt"] == RUNNING
    assert OFFICER in told(desk)
    done = desk.do(ConfirmMessage(message=stored.id))
    assert f"`flaggermail case note {key.partition('/')[0]}`" in done.text.english
    assert desk.clocks(key)["receipt"] == RUNNING


@pytest.mark.parametrize("auth", ["none", None])
def test_unverified_answer_stops_its_clock_once_a_person_vouches(desk: Desk, auth: str | None) -> None:
    """An unverified answer is filed and shown; once confirmed it stops the clock at the instant it arrived."""
    key = desk.notified()
    desk.clock.set(after(45))
    stored = desk.receive(answer_to(desk, key, auth=auth))
    assert (stored.verdict, stored.notification, desk.clocks(key)["human"]) == ("unverified", key, RUNNING)
    assert told(desk) == [OFFICER]
    desk.clock.set(after(300))
    desk.do(ConfirmMessage(message=stored.id))
    assert desk.clocks(key)["human"] == ("stopped", 45)


def test_answer_that_failed_the_check_alarms_and_stops_nothing(desk: Desk) -> None:
    """An answer that fails the sender check raises a "forged" alarm, sent to the officer on call at once."""
    key = desk.notified()
    stored = desk.receive(answer_to(desk, key, auth="fail"))
    assert (stored.verdict, stored.place, desk.clocks(key)["receipt"]) == ("failed", "case", RUNNING)
    assert desk.one(Alarm).kind == "forged"
    assert told(desk, "alarm") == [OFFICER]


def test_pass_that_the_sender_wrote_himself_verifies_nobody(desk: Desk) -> None:
    """A forged Authentication-Results field below our own trace line does not stop a clock."""
    key = desk.notified()
    forged = "Authentication-Results: mx.bzk.example; dmarc=pass header.from=x-platform.example"
    stored = desk.receive(mail(answers=desk.message_id_of(key), auth=None, extra=[forged]))
    assert (stored.verdict, desk.clocks(key)["receipt"]) == ("unverified", RUNNING)


# ---- quarantine


def test_platform_mail_without_a_key_waits_with_suggestions(desk: Desk) -> None:
    """The platform's only open case is suggested, not taken; filed later, the mail stops the clock at its arrival."""
    key = desk.notified()
    case = desk.notification(key).case
    desk.clock.set(after(60))
    stored = desk.receive(mail(X, "About your report", "Got it.", at=after(60)))
    assert (stored.place, english(stored.suggestions)) == (
        "quarantine",
        (f"{case} (40): waits for an answer of this platform",),
    )
    assert desk.clocks(key)["human"] == RUNNING
    desk.clock.set(after(400))
    desk.do(PlaceMessage(message=stored.id, case=case))
    assert desk.clocks(key)["human"] == ("stopped", 60)
    assert desk.message(stored.id).received_at == after(60)


def test_look_alike_domain_is_no_platform(desk: Desk) -> None:
    """A domain that ends in the same letters stops nothing, even if it answers the notification itself."""
    key = desk.notified()
    stored = desk.receive(mail("desk@notx-platform.example", answers=desk.message_id_of(key)))
    assert (stored.case is not None, stored.notification) == (True, key)
    assert desk.clocks(key)["receipt"] == RUNNING


def test_unverified_referral_waits_for_a_person(desk: Desk) -> None:
    """An unverified referral opens no case and gets no confirmation; the officer on call gets a notice."""
    stored = desk.receive(mail(REFERRER, *REFERRAL, auth="none"))
    assert (stored.place, desk.cases(), told(desk, "intake_confirmation")) == ("quarantine", [], [])
    assert told(desk) == [OFFICER]


# ---- cases


def test_referral_opens_a_case_and_is_confirmed_with_its_number(desk: Desk) -> None:
    """The referrer receives the case number, the officer on call the text."""
    stored = desk.receive(mail(REFERRER, *REFERRAL))
    desk.settle()
    case = desk.one(Case)
    assert (case.number, case.referrer_address, case.root_message) == ("VF-EP2024-0001", REFERRER, stored.id)
    (confirmation,) = desk.server.to(REFERRER)
    assert b"VF-EP2024-0001" in confirmation.octets
    assert b"Auto-Submitted: auto-replied" in confirmation.octets
    (notice,) = desk.server.to(OFFICER)
    assert b"twee vakjes" in notice.octets


def test_late_answer_opens_a_closed_case_again(desk: Desk) -> None:
    """An answer to a case closed with a running clock stops the clock and reopens the case."""
    key = desk.notified()
    case = desk.notification(key).case
    desk.do(CloseCase(case=case))
    desk.clock.set(after(3000))
    desk.receive(answer_to(desk, key))
    assert desk.case(case).state in {"notified", "answered"}
    assert desk.case(case).closed_at is None
    assert desk.clocks(key)["human"] == ("stopped", 3000)
    assert desk.happened(EventKind.CASE_REOPENED) == 1


def test_each_of_two_platforms_stops_only_its_own_clock(desk: Desk) -> None:
    """With two notifications in a case, each answer stops the clocks of its writer's own notification."""
    first = desk.notified("x-urgent")
    second = desk.notified("meta-elections", desk.notification(first).case)
    desk.clock.set(after(23))
    stored = desk.receive(mail(META, "Re: both", "Got it.", answers=desk.message_id_of(second), at=after(23)))
    assert stored.notification == second
    assert (desk.clocks(first)["human"], desk.clocks(second)["human"]) == (RUNNING, ("stopped", 23))
    desk.clock.set(after(156))
    desk.receive(mail(X, "Re: both", "Got it as well.", answers=desk.message_id_of(first), at=after(156)))
    assert desk.clocks(first)["human"] == ("stopped", 156)
    assert desk.clocks(second)["human"] == ("stopped", 23)


def test_an_answer_under_the_key_of_another_platform_waits(desk: Desk) -> None:
    """No platform was given the key of another one: a person decides what such an answer is about."""
    first = desk.notified("x-urgent")
    second = desk.notified("meta-elections", case := desk.notification(first).case)
    stored = desk.receive(mail(META, "Re: both", "Got it.", answers=desk.message_id_of(first)))
    assert (stored.place, stored.notification) == ("quarantine", None)
    why = "answers mail of ours in this case; that mail went to somebody else; waits for an answer of this platform"
    assert english(stored.suggestions) == (f"{case} (90): {why}",)
    assert (desk.clocks(first)["human"], desk.clocks(second)["human"]) == (RUNNING, RUNNING)


def test_platform_that_was_not_notified_stops_nothing(desk: Desk) -> None:
    """A third platform that answers under our key is filed in the case, and all clocks keep running."""
    key = desk.notified()
    stored = desk.receive(mail("a@tiktok-platform.example", "Re: it", "Got it.", answers=desk.message_id_of(key)))
    assert (stored.case, stored.notification) == (desk.notification(key).case, None)
    assert desk.clocks(key)["receipt"] == RUNNING


def test_follow_up_is_no_use_and_its_answer_stops_the_clocks_of_the_use(desk: Desk) -> None:
    """A follow-up starts no clock; an answer to it stops the clocks of the notification."""
    key = desk.notified()
    case = desk.notification(key).case
    desk.clock.set(after(30))
    further = desk.do(Draft(case=case, channel="x-urgent", follow_up=True, text="A second post.")).key
    desk.do(Approve(draft=further))
    desk.settle()
    assert (desk.notification(further).counted, desk.clocks(further)) == (False, {})
    desk.clock.set(after(50))
    desk.receive(mail(X, "Re: further", "Got both.", answers=desk.message_id_of(further), at=after(50)))
    assert desk.clocks(key)["human"] == ("stopped", 50)


# ---- officers


def reminded(desk: Desk) -> Reminder:
    """Returns the reminder about a notification that was unanswered for an hour."""
    desk.notified()
    desk.go_on(60)
    return desk.one(Reminder)


def ok_to(desk: Desk, sender: str = OFFICER, text: str = "ok", auth: str = "pass", *extra: str) -> bytes:
    """Builds a reply to the latest reminder."""
    reminder = max(desk.mails(kind=Kind.REMINDER), key=lambda envelope: envelope.id)
    subject, at = f"Re: {reminder.subject}", desk.clock.now()
    return mail(sender, subject, text, auth=auth, answers=reminder.message_id, at=at, extra=extra)


class NotingCheck:
    """Verifies every sender and records the octets it was asked about."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Records the octets."""
        assert message.content_key
        self.asked.append(octets)
        return Verdict(SenderVerdict.VERIFIED, as_written("noted"))


@pytest.mark.parametrize("together", [False, True])
def test_senders_are_checked_on_the_octets_and_not_within(desk: Desk, together: bool) -> None:  # noqa: FBT001 - a column of the table
    """The sender check runs once per mail, and never for an attached message."""
    inner = mail(CITIZEN, *REFERRAL).decode().replace("\r\n", "\n")
    text = (
        f"--cut\nContent-Type: text/plain\n\nZie de bijlage.\n--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--"
    )
    extra = ('Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0")
    octets, check = mail(REFERRER, "FW: Bericht", text, extra=extra), NotingCheck()
    env = replace(desk.env, sender_check=check)
    raw = RawMessage(octets, desk.clock.now(), "INBOX", "1", "1")
    if together:
        assert [len(outcomes) for outcomes in ingest_batches(env, [[raw]])] == [1]
    else:
        ingest(env, raw)
    assert check.asked == [octets]
    assert desk.holding(octets).verdict_basis.english == "noted"
    assert len(desk.messages(direction=Direction.IN)) == 2


def test_officers_ok_acknowledges_once(desk: Desk) -> None:
    """The reply acknowledges in the officer's name and is answered; a second "ok" acknowledges nothing new."""
    reminder = reminded(desk)
    desk.receive(ok_to(desk))
    found = desk.row(Reminder, reminder.id)
    assert (found.acknowledged_by, found.acknowledged_at) == ("officer1", desk.clock.now())
    desk.go_on(1)
    desk.receive(ok_to(desk, text="OK!"))
    assert desk.row(Reminder, reminder.id) == found
    assert desk.happened(EventKind.REMINDER_ACKNOWLEDGED) == 1
    assert told(desk, "reply_answer") == [OFFICER, OFFICER]


@pytest.mark.parametrize(
    ("sender", "text", "auth", "extra"),
    [
        (OFFICER, "ok", "none", ()),
        (OFFICER, "ok", "fail", ()),
        (OFFICER, "ok", "pass", ("Auto-Submitted: auto-replied",)),
        (OFFICER, "bel morgen even", "pass", ()),
        (OFFICER, "bel even\n\n> ok", "pass", ()),
        (REFERRER, "ok", "pass", ()),
        ("stranger@elsewhere.example", "ok", "pass", ()),
        (X, "ok", "pass", ()),
    ],
    ids=["unverified", "forged", "out of office", "unclear", "quoted", "referrer", "stranger", "platform"],
)
def test_nobody_else_and_nothing_else_acknowledges(
    desk: Desk, sender: str, text: str, auth: str, extra: tuple[str, ...]
) -> None:
    """Only the first line of a verified officer's own text acts; every other mail is filed."""
    reminder = reminded(desk)
    stored = desk.receive(ok_to(desk, sender, text, auth, *extra))
    assert desk.row(Reminder, reminder.id).acknowledged_at is None
    assert stored.case is not None
    answered = [OFFICER] if (sender, auth, extra) == (OFFICER, "pass", ()) else []
    assert told(desk, "reply_answer") == answered


def test_acknowledgement_silences_the_officer_and_not_the_head(desk: Desk) -> None:
    """An acknowledgement silences the officer for an hour; the head is reminded at 240 minutes, with their name."""
    reminder = reminded(desk)
    desk.go_on(50)
    desk.do(Acknowledge(reminder=reminder.id))
    desk.go_on(59.9)
    assert len(desk.reminders()) == 1
    desk.go_on(0.1)
    assert [(r.step, r.officer) for r in desk.reminders(step=120)] == [(120, "officer1")]
    desk.do(Acknowledge(reminder=desk.one(Reminder, where(Reminder.step).is_(120)).id))
    desk.go_on(70)
    assert desk.one(Reminder, where(Reminder.step).is_(240)).officer == "head1"
    assert b"A. Jansen" in desk.server.to(HEAD)[-1].octets


# ---- citizens

REPORT = ("Misleidend bericht", "Ik zag dit bericht op een platform. Haal het weg.")


def test_citizen_is_declined_once_in_the_period(desk: Desk) -> None:
    """The one answer names the platforms' own channels and no case number; the sender's next mail is quarantined."""
    stored = desk.receive(mail(CITIZEN, *REPORT))
    desk.settle()
    (answer,) = desk.server.to(CITIZEN)
    assert stored.place == "declined"
    assert (len(desk.all(Decline)), desk.cases()) == (1, [])
    assert b"help.x-platform.example/nl/melden" in answer.octets
    assert b"VF-" not in answer.octets
    again = desk.receive(mail(CITIZEN, "Nog een bericht", "Ik zag dit ook. Haal het weg."))
    desk.settle()
    assert (again.place, again.reason.english) == ("quarantine", "this sender was declined in this period")
    assert len(desk.server.to(CITIZEN)) == 1


@pytest.mark.parametrize(
    ("auth", "text"), [("none", REPORT[1]), ("pass", f"{REPORT[1]}\nNamens de gemeente"), ("fail", REPORT[1])]
)
def test_doubtful_citizen_is_left_to_a_person(desk: Desk, auth: str, text: str) -> None:
    """A report that is unverified or speaks for an authority is never declined automatically."""
    stored = desk.receive(mail(CITIZEN, REPORT[0], text, auth=auth))
    assert (stored.place, told(desk, "decline")) == ("quarantine", [])


# ---- who gets no automatic answer


@pytest.mark.parametrize(
    ("sender", "extra"),
    [
        (REFERRER, ("Auto-Submitted: auto-replied",)),
        (REFERRER, ("X-Autoreply: yes",)),
        (REFERRER, ("Precedence: list", "List-Id: <overleg.lindewaard.example>")),
        (REFERRER, ("Precedence: bulk",)),
        (REFERRER, ("X-Flaggermail-Loop: verkiezingenflagger@bzk.example",)),
        (DESK, ()),
        (f"MAILER-DAEMON@{REFERRER.partition('@')[2]}", ()),
    ],
    ids=["auto-reply", "autoresponder", "list", "bulk", "our own loop header", "our own address", "mailer-daemon"],
)
def test_no_automatic_answer_to_machines_lists_and_ourselves(desk: Desk, sender: str, extra: tuple[str, ...]) -> None:
    """No automatic answer is sent to these senders, whatever the mail is about."""
    for subject, text in (REFERRAL, REPORT):
        desk.receive(mail(sender, subject, text, extra=extra))
    desk.settle()
    assert desk.server.to(sender) == []


# ---- failures


def test_mail_on_which_the_judgement_fails_waits_and_the_next_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail is stored and quarantined with the name of the exception, one alarm is raised, and ingest continues."""
    healthy = classifier.classify

    def classify(message: Message, context: Context, ruleset: RuleSet, find: Find) -> Classification:
        if "breaks" in (message.subject or ""):
            raise ZeroDivisionError
        return healthy(message, context, ruleset, find)

    monkeypatch.setattr(classifier, "classify", classify)
    stored = desk.receive(mail(REFERRER, "This one breaks", "Text."))
    assert (stored.place, stored.reason.english) == ("quarantine", "could not be judged: ZeroDivisionError")
    assert stored.defects[-1] == "ZeroDivisionError"
    assert [alarm.kind for alarm in desk.alarms()] == ["unjudged"]
    (told,) = desk.mails(kind=Kind.ALARM)
    assert desk.receive(mail(REFERRER, *REFERRAL)).case == "VF-EP2024-0001"
    desk.receive(mail(OFFICER, "Re: Let op", "bij 1", at=desk.clock.now(), answers=told.message_id))
    assert desk.message(stored.id).case == "VF-EP2024-0001"
    desk.assert_whole()


def test_failure_on_a_second_copy_does_not_hold_up_the_mailbox(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """If what follows from a second copy fails, the mail is still filed and the next mail is ingested."""
    key = desk.notified()
    desk.clock.set(after(20))
    octets = answer_to(desk, key)
    desk.receive(octets)

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("flaggermail.cases.lifecycle.rejudge", fails)
        stored = desk.receive(octets, at=after(19))
    assert stored.reason.english == "could not be judged: ZeroDivisionError"
    assert desk.receive(mail(REFERRER, *REFERRAL)).place == "case"


def test_mail_typed_by_hand_to_a_channel_is_noticed(desk: Desk) -> None:
    """An unregistered notification is quarantined with an alarm; it starts no clock and sends nothing else."""
    stored = desk.receive(mail(DESK, "Note", "Could you check this?", to="desk@x-platform.example"), folder="Sent")
    assert stored.place == "noise"
    typed = mail(DESK, "Notice", "Could you check this?", to="urgent-escalation@x-platform.example")
    stored = desk.receive(typed, folder="Sent")
    assert (stored.place, stored.direction) == ("quarantine", "out")
    assert [alarm.kind for alarm in desk.alarms()] == ["unregistered use"]
    delivery.drain(desk.env)
    assert {envelope.recipient for envelope in desk.server.envelopes} == {OFFICER}
    assert desk.clock_rows() == []
