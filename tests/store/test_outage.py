# SPDX-License-Identifier: EUPL-1.2
"""During an outage of submission no mail is lost, sent twice or out of order, and an alarm is raised."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.commands.outbox import CancelMail
from flaggermail.commands.write_referrer import AskReferrer
from flaggermail.daemon.publishing import Sending
from flaggermail.letters import standing
from flaggermail.outbox import delivery
from flaggermail.outbox.results import settle
from flaggermail.ports import Accepted, Refused, Transaction
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.rows import Alarm, Attempt, OutboxMail, Page
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState, ServerState
from flaggermail.reminders import sending
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import PagerSettings
from flaggermail.wording.servers import AttemptText
from tests.store.desk_fixtures import META, OFFICER, REFERRER, START, X_CHANNEL, Desk, mail, report_of

SECOND = "second@x-platform.example"
MINUTE = timedelta(minutes=1)


def alarms(desk: Desk) -> list[str]:
    """Returns the kinds of the alarms, in the order in which they were raised."""
    return [alarm.kind for alarm in sorted(desk.alarms(), key=lambda alarm: (alarm.raised_at, alarm.id))]


def approved(desk: Desk, channel: str = "x-urgent") -> str:
    """Returns a notification that waits in the outbox."""
    return desk.approved(channel)


def proving(desk: Desk, proof: str) -> None:
    """Sets what proves from now on that an uncertain mail was sent."""
    settings = desk.env.settings
    submission = settings.desk.submission.model_copy(update={"proof": proof})
    changed = settings.desk.model_copy(update={"submission": submission})
    desk.env = replace(desk.env, settings=settings.model_copy(update={"desk": changed}))


# ---- the server refuses the desk


def test_a_server_that_refuses_the_desk_is_looked_at_once_a_second(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a mail waits for the next login, each call reads the rows once; the journal names each refusal once."""
    sending, looks, look = Sending(), list[ServerState](), standing.look

    def counted(tx: Transaction, without: Collection[str] = ()) -> standing.Outlook:
        looks.append((outlook := look(tx, without)).standing)
        return outlook

    approved(desk)
    desk.server.says(535, text="5.7.8 no")
    with capture_logs() as logged:
        sending.send(desk.env, EventInterrupt())
        monkeypatch.setattr(standing, "look", counted)
        for _ in range(5):
            desk.clock.set(desk.clock.now() + timedelta(seconds=1))
            sending.send(desk.env, EventInterrupt())
        assert looks == [ServerState.DENIES] * 5
        desk.server.script.clear()
        desk.clock.set(desk.clock.now() + 2 * MINUTE)
        sending.send(desk.env, EventInterrupt())
        desk.server.says(535, text="5.7.8 no")
        approved(desk, "meta-elections")
        sending.send(desk.env, EventInterrupt())
    told = [one for one in logged if one["event"] == "submission server refuses the desk"]
    assert len(told) == 2


# ---- the server is out of reach


def outage(desk: Desk, minutes: int) -> list[str]:
    """Simulates an outage during which mail is queued repeatedly; returns the outbox ids in that order."""
    first = approved(desk)
    desk.server.says(0)
    desk.settle()
    for minute in range(minutes * 4):
        if minute == 40:
            approved(desk, "meta-elections")
        if minute in {90, 200}:
            desk.receive(mail(REFERRER, f"Bericht {minute}", "Er is iets."))
        desk.go_on(0.25)
    assert desk.notification(first).state == "approved"
    return [row.id for row in desk.mails() if row.state != "cancelled"]


def test_an_hour_without_a_server_loses_nothing_and_keeps_the_order(desk: Desk) -> None:
    """Each mail is sent once, within two minutes of the server's return, a notification first."""
    queued = outage(desk, 60)
    assert len(queued) >= 5
    before = len(desk.server.envelopes)
    desk.server.script.clear()
    for _ in range(8):
        desk.go_on(0.25)
    rows = [row for row in desk.mails() if row.id in queued]
    assert {row.state for row in rows} == {"accepted"}
    left = [(envelope.recipient, envelope.octets) for envelope in desk.server.envelopes[before:]][: len(queued)]
    first, *others = rows  # which asked all the while; an untried notification goes before all others
    inorder = [first, *sorted(others, key=lambda row: not row.at_most_once)]
    assert left == [(row.recipient, desk.env.octets.get(row.digest)) for row in inorder]
    assert len(set(left)) == len(left)


def test_only_the_first_mail_asks_for_the_server(desk: Desk) -> None:
    """The first mail is retried about once a minute; those behind it are not tried and keep their retry schedule."""
    queued = outage(desk, 60)
    first, *others = (row for row in desk.mails() if row.state != "cancelled")
    assert 45 <= len(desk.all(Attempt, where(Attempt.mail).is_(first.id))) <= 60
    assert {attempt.result for attempt in desk.all(Attempt)} == {"unreachable"}
    assert {row.tries for row in others if row.id in queued} == {0}
    desk.server.says(450, X_CHANNEL)
    desk.go_on(1.2)
    due = desk.mail(first.id).next_try_at
    assert due is not None
    assert due - desk.clock.now() < 1.1 * MINUTE


def test_a_mail_refused_for_now_holds_up_no_other(desk: Desk) -> None:
    """A temporary refusal such as greylisting concerns one recipient only."""
    approved(desk)
    desk.server.says(450, X_CHANNEL)
    desk.settle()
    other = approved(desk, "meta-elections")
    desk.settle()
    assert desk.notification(other).state == "sent"


def test_a_refused_login_is_not_tried_each_minute(desk: Desk) -> None:
    """Since failed logins can lock an account, the waits grow, and meanwhile no other mail is tried."""
    key = approved(desk)
    waits = []
    for _ in range(4):
        claimed = delivery.claim(desk.env)  # the scripted server knows no login
        assert claimed is not None
        with desk.env.store.begin() as tx:
            refused = Refused(
                X_CHANNEL,
                permanent=False,
                code=535,
                text=AttemptText.LOGIN_REFUSED(file="its credential"),
                stage=SmtpStage.SESSION,
            )
            settle(UnitOfWork(desk.env, tx, desk.clock.now()), claimed, refused)
        due = desk.mail_of(key).next_try_at
        assert due is not None
        waits.append((due - desk.clock.now()) // MINUTE)
        assert delivery.drain(desk.env) == 0
        desk.clock.set(due)
    assert waits == [1, 2, 5, 10]


# ---- alarms


def test_mail_that_waits_is_told_of_once_and_so_is_its_end(desk: Desk) -> None:
    """After fifteen minutes one alarm is raised for all mails, and one more when none waits too long any more."""
    outage(desk, 60)
    assert alarms(desk).count("outbox waits") == 1
    assert alarms(desk).count("outbox flows") == 0
    alarm = desk.one(Alarm, where(Alarm.kind).is_(AlarmKind.OUTBOX_WAITS))
    assert timedelta(0) <= alarm.raised_at - START - 15 * MINUTE < MINUTE
    assert "wait since 6 June 2024 at 10:34; the server's last answer: so it is" in alarm.text.english
    desk.server.script.clear()
    for _ in range(8):
        desk.go_on(0.25)
    assert alarms(desk).count("outbox flows") == 1
    assert [m.subject for m in desk.mails(kind=Kind.ALARM, recipient=OFFICER) if "meer te lang" in m.subject]
    desk.go_on(600)
    assert alarms(desk).count("outbox flows") == 1


def test_the_next_time_is_told_of_anew(desk: Desk) -> None:
    """A second outage raises a second pair of alarms."""
    for _ in range(2):
        approved(desk)
        desk.server.says(0)
        for _ in range(20):
            desk.go_on(1)
        desk.server.script.clear()
        for _ in range(20):
            desk.go_on(1)
    told = [kind for kind in alarms(desk) if kind.startswith("outbox")]
    assert told == ["outbox waits", "outbox flows"] * 2


def test_a_quiet_outbox_tells_nothing(desk: Desk) -> None:
    """With an empty outbox an idle desk writes no event."""
    desk.notified()
    desk.settle()
    before = len(desk.events())
    desk.clock.set(START + 20 * MINUTE)
    sending.tick(desk.env)
    assert len(desk.events()) == before


# ---- a mail in doubt


def in_doubt(desk: Desk, channel: str = "x-urgent", silent: str = X_CHANNEL) -> str:
    """Returns a notification with one uncertain mail."""
    key = approved(desk, channel)
    desk.server.says(-1, silent)
    desk.settle()
    desk.server.script.clear()
    return key


@pytest.mark.parametrize(("proof", "witness"), [("sent", ""), ("copy", "verkiezingenflagger@bzk.example")])
def test_only_a_platforms_mail_has_a_witness_and_only_where_wanted(desk: Desk, proof: str, witness: str) -> None:
    """A mail that may be sent twice needs no proof."""
    proving(desk, proof)
    approved(desk)
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.settle()
    assert {envelope.witness for envelope in desk.server.to(X_CHANNEL)} == {witness}
    assert {envelope.witness for envelope in desk.server.to(OFFICER)} == {""}


def copy_of(desk: Desk, recipient: str, way: str) -> bytes:
    """Returns the octets sent to that recipient, with a trace line added on one way through a server."""
    (sent,) = desk.server.to(recipient)
    return f"Received: from desk by mx.bzk.example with ESMTPSA id {way}\r\n".encode() + sent.octets


@pytest.mark.parametrize(("proof", "folder"), [("sent", "Sent"), ("copy", "INBOX")])
def test_the_copy_of_another_recipient_proves_nothing(desk: Desk, proof: str, folder: str) -> None:
    """Each recipient's mail leaves its own copy: with one of two uncertain, only the second copy is proof."""
    proving(desk, proof)
    key = in_doubt(desk, "x-two", SECOND)
    envelope = desk.one(OutboxMail, where(OutboxMail.notification).is_(key), where(OutboxMail.recipient).is_(SECOND))
    desk.receive(copy_of(desk, X_CHANNEL, "A1"), folder=folder)
    desk.receive(copy_of(desk, X_CHANNEL, "A1"), folder=folder)  # moved by a colleague, and found again
    assert desk.mail(envelope.id).state == "uncertain"
    desk.receive(copy_of(desk, SECOND, "B2"), folder=folder, at=START + MINUTE)
    assert desk.mail(envelope.id).state == "accepted"


def test_one_copy_for_two_in_doubt_proves_neither(desk: Desk) -> None:
    """One copy does not show whose it is, so both mails stay uncertain until a second copy arrives."""
    proving(desk, "copy")
    key = approved(desk, "x-two")
    desk.server.says(-1)
    desk.settle()
    desk.server.script.clear()
    for way, states in (("A1", {"uncertain"}), ("B2", {"accepted"})):
        desk.receive(copy_of(desk, X_CHANNEL, way))
        assert {row.state for row in desk.mails(notification=key, at_most_once=True)} == states


def test_a_copy_that_comes_before_we_give_up_waiting_leaves_no_doubt(desk: Desk) -> None:
    """If the copy arrives while the server hangs after taking the mail, the mail is accepted without an alarm."""
    proving(desk, "copy")
    key = approved(desk)
    octets = desk.env.octets.get(desk.mail_of(key).digest)
    claimed = delivery.claim(desk.env)  # the time in which we wait for the answer
    assert claimed is not None
    desk.clock.set(START + timedelta(seconds=5))
    desk.receive(octets)
    assert desk.mail_of(key).state == "attempting"
    desk.clock.set(START + timedelta(seconds=30))
    delivery.recover(desk.env)
    assert (desk.mail_of(key).state, alarms(desk)) == ("accepted", [])
    assert desk.notification(key).sent_at == START + timedelta(seconds=5)


def test_the_report_of_a_delay_proves_that_it_was_taken(desk: Desk) -> None:
    """A delay report shows that the mail was accepted; it counts from the attempt."""
    key = in_doubt(desk)
    desk.clock.set(START + 240 * MINUTE)
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, "delayed"))
    assert (desk.mail_of(key).state, desk.notification(key).sent_at) == ("accepted", START)
    assert "delayed" in alarms(desk)


def test_a_bounce_that_overtakes_the_answer_stands(desk: Desk) -> None:
    """The bounce arrives before our server's 250; that 250 is recorded but the notification stays failed."""
    key = approved(desk)
    claimed = delivery.claim(desk.env)  # the time in which we wait for the answer
    assert claimed is not None
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    with desk.env.store.begin() as tx:
        row = tx.get(OutboxMail, claimed.id)
        assert row is not None
        settle(
            UnitOfWork(desk.env, tx, desk.clock.now()),
            row,
            Accepted(X_CHANNEL, desk.clock.now(), AttemptText.SAYS(words="250 ok")),
        )
    assert (desk.mail_of(key).state, desk.mail_of(key).bounced) == ("refused", True)
    assert [a.result for a in desk.all(Attempt)] == ["accepted"]
    assert (desk.notification(key).state, desk.clocks(key)) == ("failed", {})


def test_a_report_of_delivery_cancels_nothing(desk: Desk) -> None:
    """A success report (NOTIFY=SUCCESS) leaves the clocks running and raises no alarm."""
    key = desk.notified()
    clocks = desk.clocks(key)
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, "delivered"))
    assert (desk.clocks(key), alarms(desk)) == (clocks, [])
    assert desk.mail_of(key).state == "accepted"


def test_a_bounce_withdraws_the_reminder_that_waits(desk: Desk) -> None:
    """A reminder that is still queued is cancelled by the bounce; the bounce itself raises an alarm."""
    key = desk.notified()
    desk.clock.set(START + 61 * MINUTE)
    desk.server.says(0)
    sending.tick(desk.env)
    waiting = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.REMINDER))
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    desk.server.script.clear()
    desk.settle()
    assert desk.mail(waiting.id).state == "cancelled"
    assert alarms(desk) == ["bounced"]
    assert desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.ALARM)).state == "accepted"
    assert not [e for e in desk.server.envelopes if e.octets == desk.env.octets.get(waiting.digest)]


# ---- an outage is told, whatever else waits


def call_pagers(desk: Desk) -> None:
    """Gives each officer a pager."""
    settings = desk.env.settings
    pagers = (PagerSettings(credential="pager"),)
    officers = tuple(one.model_copy(update={"pagers": pagers}) for one in settings.oncall.officers)
    oncall = settings.oncall.model_copy(update={"officers": officers})
    desk.with_settings(settings.model_copy(update={"oncall": oncall}))


def waits(desk: Desk, minutes: int, step: int = 1) -> None:
    """Lets so many minutes pass."""
    for _ in range(0, minutes, step):
        desk.go_on(step)


def slow_referrer(desk: Desk) -> None:
    """One referrer's server answers 450, for more than an hour."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(450, REFERRER)
    desk.settle()
    waits(desk, 70, 10)


def silent_for_one(desk: Desk) -> None:
    """The server hangs whenever it is given the mail of one referrer."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(-1, REFERRER)
    desk.settle()
    waits(desk, 70, 10)


def slow_officer(desk: Desk) -> None:
    """One officer's mailbox is full."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(452, OFFICER)
    desk.settle()
    waits(desk, 70, 10)


def slow_platform(desk: Desk) -> None:
    """A platform's server greylists."""
    approved(desk, "meta-elections")
    desk.server.says(450, META)
    desk.settle()
    waits(desk, 70, 10)


def withheld_mail(desk: Desk) -> None:
    """The configuration does not allow an approved text any more, which the server could not take before."""
    approved(desk, "meta-elections")
    desk.server.says(0)
    desk.settle()
    first = desk.env.settings.platform_list[1]
    channels = tuple(one.model_copy(update={"to": ("other@meta-platform.example",)}) for one in first.channels[:1])
    platforms = (desk.env.settings.platform_list[0], first.model_copy(update={"channels": channels}))
    desk.with_settings(desk.env.settings.model_copy(update={"platform_list": platforms}))
    desk.server.script.clear()
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    waits(desk, 70, 10)


@pytest.mark.parametrize(
    "before", [slow_referrer, silent_for_one, slow_officer, slow_platform, withheld_mail], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("anything_new", [True, False])
def test_an_outage_is_told_whatever_else_waits(
    desk: Desk, before: Callable[[Desk], None], *, anything_new: bool
) -> None:
    """What one mail waits for is its own cause: no connection for anybody is told within a quarter, and paged."""
    call_pagers(desk)
    before(desk)
    assert alarms(desk).count("outbox waits") == 0
    if not anything_new and before is withheld_mail:
        return  # nothing waits for the server
    begins = desk.clock.now()
    desk.server.says(0)
    if anything_new:
        approved(desk)
    waits(desk, 20)
    waits(desk, 160, 10)
    (told,) = desk.alarms(kind=AlarmKind.OUTBOX_WAITS)
    quarter = 15 if anything_new else 80  # nothing is due but what waits, at most an hour, for its own recipient
    assert 14 * MINUTE <= told.raised_at - begins <= (quarter + 1) * MINUTE  # and not for a minute without connection
    assert [page for page in desk.all(Page) if page.queued_at == told.raised_at and "verzending stokt" in page.text]
    desk.server.script.clear()
    waits(desk, 40, 10)
    assert alarms(desk).count("outbox flows") == 1


def test_one_recipient_is_told_once_as_what_it_is(desk: Desk) -> None:
    """Its alarm names the recipient, the time and the digits; another mail to it tells nothing more, and no end."""
    slow_referrer(desk)
    case = desk.cases()[0]
    desk.do(AskReferrer(case=case.number, text="Welke pagina?"))
    waits(desk, 70, 10)
    (told,) = (one.text.english for one in desk.alarms(kind=AlarmKind.RECIPIENT_WAITS)[:1])
    assert told == f"1 mail waits since 6 June 2024 at 10:34, to {REFERRER}; the server's last answer: reply 450"
    sent = [m for m in desk.mails(kind=Kind.ALARM) if m.recipient == OFFICER]
    assert len(sent) == 1
    desk.server.script.clear()
    waits(desk, 40, 10)
    assert {alarm.kind for alarm in desk.alarms()} == {AlarmKind.RECIPIENT_WAITS}


def test_many_recipients_are_one_alarm_with_officers_and_platforms_first(desk: Desk) -> None:
    """Referrers' mail that waits rings no more pagers than one, and names a platform before them."""
    call_pagers(desk)
    for number in range(4):
        desk.receive(mail(f"griffie{number}@lindewaard.example", f"Bericht {number}", f"Er is iets, {number}."))
    approved(desk)
    desk.server.says(450)
    desk.settle()
    waits(desk, 20)
    found = desk.alarms(kind=AlarmKind.RECIPIENT_WAITS)
    said, *later = [one.text.english for one in found if " since " in one.text.english]
    assert len(later) == 1  # of the letters about the approval, two minutes behind it
    recipients = said.partition(", to ")[2].partition(";")[0].split(", ")
    assert set(recipients[:2]) == {OFFICER, X_CHANNEL}
    assert recipients[2].endswith("@lindewaard.example")
    assert recipients[-1] == "..."
    assert len({page.queued_at for page in desk.all(Page)}) <= 4


def test_a_mail_in_hand_ends_no_episode(desk: Desk) -> None:
    """A tick that looks while the first mail is being tried does not say that mail flows again."""
    approved(desk)
    desk.server.says(0)
    waits(desk, 20)
    for row in desk.mails(state=MailState.QUEUED):
        if not row.tries:
            desk.do(CancelMail(mail=row.id))
    desk.clock.set(delivery_due(desk))
    assert delivery.claim(desk.env) is not None
    sending.tick(desk.env)
    assert (alarms(desk).count("outbox waits"), alarms(desk).count("outbox flows")) == (1, 0)


def test_a_try_in_hand_makes_no_outage_longer(desk: Desk) -> None:
    """A mail that waited an hour for its recipient is being tried again when the connection fails: nobody is woken."""
    slow_referrer(desk)
    desk.server.says(0)
    desk.clock.set(delivery_due(desk))
    delivery.drain(desk.env)
    desk.clock.set(delivery_due(desk))
    assert delivery.claim(desk.env) is not None
    sending.tick(desk.env)
    assert alarms(desk).count("outbox waits") == 0


def delivery_due(desk: Desk) -> datetime:
    """Returns when the next mail is tried."""
    with desk.env.store.read() as tx:
        due = delivery.next_due(tx)
    assert due is not None
    return due


def test_what_another_acceptance_overtook_is_no_outage(desk: Desk) -> None:
    """A mail that was tried while the server was away, and whose octets are lost since, keeps no server away."""
    key = approved(desk, "meta-elections")
    desk.server.says(0)
    desk.settle()
    desk.env.octets.discard(desk.mail_of(key).digest)
    desk.server.script.clear()
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    waits(desk, 3)
    with desk.env.store.read() as tx:
        assert standing.look(tx).standing is ServerState.TAKES


def test_what_differs_from_the_record_hides_no_outage(desk: Desk) -> None:
    """Octets that are lost keep their mail for ever; the outage that follows is told all the same."""
    key = approved(desk, "meta-elections")
    desk.env.octets.discard(desk.mail_of(key).digest)
    waits(desk, 30)
    assert alarms(desk) == ["octets lost"]
    desk.server.says(0)
    approved(desk)
    waits(desk, 20)
    assert alarms(desk).count("outbox waits") == 1
