# SPDX-License-Identifier: EUPL-1.2
"""Delivery reports that lack our Message-ID: from the mail that comes in to what is marked, raised and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.write_referrer import AskReferrer
from flaggermail.mail.message import MechanicalKind
from flaggermail.outbox.bounces import LATELY
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Alarm, Notification, OutboxMail
from flaggermail.record.rows.alarms import AlarmKind
from tests.store.desk_fixtures import DESK, OFFICER, OURS, REFERRER, SERVER, START, X_CHANNEL, Desk, mail

SECOND = "second@x-platform.example"
DAEMON = f"MAILER-DAEMON@{SERVER}"
ELSEWHERE = (
    f"Authentication-Results: {SERVER}; dmarc=pass header.from=elsewhere.example",
    f"Received: from mx.elsewhere.example by {SERVER} with ESMTPS; Thu, 6 Jun 2024 08:34:00 +0000",
)
FORGER = "MAILER-DAEMON@elsewhere.example"


def bounce(
    text: str, *parts: str, sender: str = DAEMON, subject: str = "Undelivered mail", fields: Sequence[str] = (),
    trace: Sequence[str] = OURS,
) -> bytes:  # fmt: skip
    """Builds a report of text alone, or with more parts, by default as our own server delivers what it made."""
    lines = [*trace, "Return-Path: <>", f"From: {sender}", f"To: {DESK}", f"Subject: {subject}", *fields]
    plain = "Content-Type: text/plain; charset=utf-8"
    if not parts:
        return "\r\n".join([*lines, "MIME-Version: 1.0", plain, "", *text.split("\n"), ""]).encode()
    whole = "\n".join([f"--cut\n{plain}\n\n{text}", *(f"--cut\n{part}" for part in parts), "--cut--", ""])
    mixed = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="cut"']
    return "\r\n".join([*lines, *mixed, "", *whole.split("\n")]).encode()


def written(*recipients: str, action: str = "failed") -> str:
    """Returns a report of RFC 3464 as a part of plain text."""
    status = "4.4.1" if action == "delayed" else "5.1.1"
    said = (f"Final-Recipient: rfc822; {one}\nAction: {action}\nStatus: {status}\n" for one in recipients)
    return "Content-Type: text/plain\n\nReporting-MTA: dns; mx.bzk.example\n\n" + "\n".join(said)


def number_of(desk: Desk, key: str) -> str:
    """Returns the case number with its tail, as the mail of a notification bears it."""
    use = desk.notification(key)
    return f"{use.case}-{use.tail}"


def alarms(desk: Desk) -> list[str]:
    """Returns the kinds of the alarms that were raised."""
    return sorted(alarm.kind for alarm in desk.alarms())


def notices(desk: Desk) -> list[OutboxMail]:
    """Returns the mails that told an officer of received mail."""
    return [told for told in desk.mails(kind=Kind.OFFICER_NOTICE) if told.dedupe.startswith("notice/")]


def told_by(desk: Desk, sent: OutboxMail) -> str:
    """Returns the text of a mail of ours, on one line."""
    return " ".join(desk.env.parser.parse(desk.env.octets.get(sent.digest)).text.split())


def state_of(desk: Desk, key: str) -> tuple[Notification, OutboxMail, dict[str, tuple[str, int | None]], int]:
    """Returns all that a report may change about a notification."""
    return desk.notification(key), desk.mail_of(key), desk.clocks(key), desk.happened(EventKind.ADDRESS_BAD)


def shapes(desk: Desk, key: str) -> Mapping[str, bytes]:
    """Returns reports about a notification, none with its Message-ID, in each shape that was seen."""
    number, answered = number_of(desk, key), desk.message_id_of(key)
    unknown = f"<{X_CHANNEL}>: 550 5.1.1 unknown user"
    header = f"Content-Type: text/rfc822-headers\n\nFrom: {DESK}\nSubject: [{number}] Two boxes\n"
    return {
        "answers it": bounce(f"Your mail was not delivered.\n{unknown}", fields=[f"In-Reply-To: <{answered}>"]),
        "refers to it": bounce(
            f"Uw bericht is niet bezorgd.\n{unknown}", subject="Niet bezorgd", fields=[f"References: <{answered}>"]
        ),
        "number in the subject": bounce("No such user here.", subject=f"Undelivered mail: [{number}] Two boxes"),
        "number in quoted text": bounce(
            f"Uw bericht kon niet worden afgeleverd: onbekende gebruiker.\n\n> [{number}] Twee vakjes",
            subject="Niet afgeleverd",
        ),
        "number in the returned header": bounce("Your mail could not be delivered.", header),
        "report as text": bounce("Your mail could not be delivered.", written(X_CHANNEL)),
        "report as text, Dutch": bounce(
            "Uw bericht is niet afgeleverd.", written(X_CHANNEL), subject="Onbestelbaar bericht"
        ),
        "no address in From": bounce(
            f"Your message could not be delivered to:\n\n<{X_CHANNEL}>", sender="Mail Delivery Subsystem"
        ),
        "no address in From, Dutch": bounce(
            f"Uw bericht kon niet worden afgeleverd bij de volgende ontvanger:\n\n<{X_CHANNEL}>",
            sender="Postbezorging <>", subject="Niet afgeleverd",
        ),
        "not a valid user": bounce(f"That's not a valid user here: {X_CHANNEL}", subject="Your message"),
        "not a valid user, Dutch": bounce(f"{X_CHANNEL}: dat is hier geen geldige gebruiker", subject="Uw bericht"),
        "renamed by a server": bounce(
            "Your mail could not be delivered.",
            f"Content-Type: text/rfc822-headers\n\nFrom: {DESK}\nMessage-ID: <0100018f@relay.example>\n"
            f"X-Flaggermail-Ref: {desk.notification(key).token}\n",
        ),
    }  # fmt: skip


SHAPES = (
    "answers it", "refers to it", "number in the subject", "number in quoted text", "number in the returned header",
    "report as text", "report as text, Dutch", "no address in From", "no address in From, Dutch", "not a valid user",
    "not a valid user, Dutch", "renamed by a server",
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_report_of_our_own_server_counts_without_our_message_id(desk: Desk, shape: str) -> None:
    """The mail failed, its clocks end, the address is bad, the officer is alerted; the report lies in the case."""
    key = desk.notified()
    desk.clock.set(START + timedelta(minutes=2))
    stored = desk.receive(shapes(desk, key)[shape])
    assert stored.mechanical is MechanicalKind.BOUNCE
    use, sent, clocks, bad = state_of(desk, key)
    assert (use.state, sent.state, sent.bounced, bad) == ("failed", "refused", True, 1)
    assert {state for state, _ in clocks.values()} == {"cancelled"}
    assert (alarms(desk), notices(desk)) == (["bounced"], [])
    assert (stored.place, stored.case, stored.notification) == ("case", key.partition("/")[0], key)
    desk.assert_whole()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_forged_report_raises_one_alarm_and_changes_nothing(desk: Desk, shape: str) -> None:
    """From elsewhere each is a claim: told once, changing nothing, until a person says that it is genuine."""
    key = desk.notified()
    before = state_of(desk, key)
    octets = shapes(desk, key)[shape].replace("\r\n".join(OURS).encode(), "\r\n".join(ELSEWHERE).encode())
    octets = octets.replace(DAEMON.encode(), FORGER.encode())
    stored = desk.receive(octets)
    desk.receive(octets.replace(b"Return-Path", b"X-Again: yes\r\nReturn-Path"))
    desk.settle()
    assert state_of(desk, key) == before
    assert (alarms(desk), notices(desk)) == (["bounce claimed"], [])
    (told,) = desk.mails(kind=Kind.ALARM)
    for words in (f"{X_CHANNEL}: ", f"flaggermail message confirm {stored.id}", "- echt", "- vals"):
        assert words in told_by(desk, told)
    desk.receive(mail(OFFICER, "Re: Let op", "echt", answers=told.message_id))
    assert (desk.notification(key).state, desk.mail_of(key).bounced) == ("failed", True)
    assert desk.message(stored.id).case == key.partition("/")[0]
    desk.assert_whole()


def test_a_delay_without_our_message_id_is_no_failure(desk: Desk) -> None:
    """By each of the three ways a delay raises its alarm; mail, clocks and address stay as they were."""
    key = desk.notified()
    before = state_of(desk, key)
    later = written(X_CHANNEL, action="delayed")
    answers = f"In-Reply-To: <{before[0].message_id}>"
    ways = (
        bounce("Your mail is delayed.", later, subject="Delayed mail", fields=[answers]),
        bounce("Uw bericht is vertraagd.", later, subject=f"Vertraagd: [{number_of(desk, key)}] Twee vakjes"),
        bounce("Uw bericht is nog niet afgeleverd.", later, subject="Bezorging vertraagd"),
    )
    for octets in ways:
        assert desk.receive(octets).case == key.partition("/")[0]
        assert (state_of(desk, key), alarms(desk)) == (before, ["delayed"])


# ---- what fits several mails, or none


def test_two_mails_to_the_address_change_nothing_and_a_person_says_which(desk: Desk) -> None:
    """Two notifications went to the failed address: an alarm lists both; the reply that names one lets it count."""
    first, second = desk.notified(), desk.notified()
    before = state_of(desk, first), state_of(desk, second)
    stored = desk.receive(bounce("Your mail could not be delivered.", written(X_CHANNEL)))
    desk.receive(bounce("Your mail could not be delivered!", written(X_CHANNEL)))
    assert (state_of(desk, first), state_of(desk, second)) == before
    assert (alarms(desk), notices(desk), stored.case) == (["bounce unclear"], [], None)
    (told,) = desk.mails(kind=Kind.ALARM)
    meant = desk.mail_of(second)
    for words in (f"{desk.mail_of(first).id}: {X_CHANNEL}", f"{meant.id}: {X_CHANNEL}", "--mail MAIL", "- echt NUMMER"):
        assert words in told_by(desk, told)
    assert f"{meant.id} (" in desk.refused(ConfirmMessage(message=stored.id))
    desk.receive(mail(OFFICER, "Re: Let op", "echt", answers=told.message_id))  # which one is not said
    assert (state_of(desk, first), state_of(desk, second)) == before
    desk.receive(mail(OFFICER, "Re: Let op", f"echt {int(meant.id[1:])}", answers=told.message_id))
    assert state_of(desk, first)[:3] == before[0][:3]
    assert (desk.notification(second).state, desk.mail_of(second).bounced) == ("failed", True)
    assert desk.message(stored.id).notification == second
    desk.assert_whole()


def test_the_key_tells_two_mails_to_one_address_apart(desk: Desk) -> None:
    """The number with its tail names the exchange, so that no person is asked."""
    first, second = desk.notified(), desk.notified()
    desk.receive(bounce("Not delivered.", written(X_CHANNEL), subject=f"Not delivered: [{number_of(desk, second)}]"))
    assert [desk.notification(key).state for key in (first, second)] == ["sent", "failed"]
    assert alarms(desk) == ["bounced"]


def test_a_forged_report_that_fits_two_mails_is_a_claim(desk: Desk) -> None:
    """From elsewhere it is no more than a claim, whichever mail it means."""
    first, second = desk.notified(), desk.notified()
    before = state_of(desk, first), state_of(desk, second)
    desk.receive(bounce("Your mail failed.", written(X_CHANNEL), sender=FORGER, trace=ELSEWHERE))
    assert (state_of(desk, first), state_of(desk, second), alarms(desk)) == (*before, ["bounce claimed"])


def test_a_second_report_about_an_older_mail_does_not_fail_a_later_one(desk: Desk) -> None:
    """A mail that came back already fits a report as well as the one sent since: a person says which."""
    case = desk.receive(mail(REFERRER, "Bericht over stembiljet", "Er gaat een bericht rond.")).case
    desk.settle()
    desk.receive(bounce("Your mail could not be delivered.", written(REFERRER)))
    (older,) = desk.mails(recipient=REFERRER)
    assert (older.bounced, alarms(desk)) == (True, ["bounced"])
    again = desk.receive(bounce("Your mail could not be delivered, again.", written(REFERRER)))
    assert (alarms(desk), notices(desk)[1:], again.case) == (["bounced"], [], case)  # a repetition says nothing new
    desk.clock.set(START + timedelta(hours=2))

    desk.do(AskReferrer(case=case or "", text="Waar?"))
    desk.settle()
    (later,) = desk.mails(recipient=REFERRER, bounced=False)
    desk.receive(bounce("Your mail could not be delivered, once more.", written(REFERRER)))
    assert (desk.mail(later.id), alarms(desk)) == (later, ["bounce unclear", "bounced"])


@pytest.mark.parametrize(("late", "state"), [(timedelta(0), "failed"), (timedelta(hours=1), "sent")])
def test_an_older_mail_to_the_address_is_none_that_was_sent_lately(desk: Desk, late: timedelta, state: str) -> None:
    """A report comes within days; one about an older mail is shown to a person, and changes nothing."""
    key = desk.notified()
    desk.clock.set(START + LATELY + late)
    desk.receive(bounce("Your mail could not be delivered.", written(X_CHANNEL)))
    assert desk.notification(key).state == state
    assert (alarms(desk), len(notices(desk))) == ((["bounced"], 0) if state == "failed" else ([], 1))


def test_a_mail_sent_after_the_report_came_is_not_what_it_is_about(desk: Desk) -> None:
    """A report that is read late fits only what had left before it came."""
    key = desk.notified()
    before = state_of(desk, key)
    desk.receive(bounce("Your mail could not be delivered.", written(X_CHANNEL)), at=START - timedelta(minutes=5))
    assert (state_of(desk, key), alarms(desk), len(notices(desk))) == (before, [], 1)


@pytest.mark.parametrize("named", ["in the returned header", "as answered"])
def test_a_report_about_another_mail_is_not_about_ours(desk: Desk, named: str) -> None:
    """A colleague wrote to the same address from the mailbox: its report is shown, and a person may name our mail."""
    key = desk.notified()
    before = state_of(desk, key)
    other = "typed-by-a-colleague@bzk.example"
    header = f"Content-Type: text/rfc822-headers\n\nMessage-ID: <{other}>\nSubject: Re: [{number_of(desk, key)}]\n"
    answers = () if named == "in the returned header" else (f"In-Reply-To: <{other}>",)
    parts = (written(X_CHANNEL), header) if not answers else (written(X_CHANNEL),)
    stored = desk.receive(bounce("Your mail could not be delivered.", *parts, fields=answers))
    assert (state_of(desk, key), alarms(desk), len(notices(desk))) == (before, [], 1)
    desk.do(ConfirmMessage(message=stored.id, mail=desk.mail_of(key).id))
    assert (desk.notification(key).state, alarms(desk)) == ("failed", ["bounced"])


def test_a_mail_that_cannot_come_back_is_refused(desk: Desk) -> None:
    """Only a delivery report is about a mail of ours, and only a mail that was sent comes back."""
    key = desk.approved()
    waiting = desk.mail_of(key).id
    stored = desk.receive(bounce("Your mail could not be delivered.", written(X_CHANNEL)))
    assert (desk.notification(key).state, alarms(desk), len(notices(desk))) == ("approved", [], 1)
    assert "only a mail that was sent" in desk.refused(ConfirmMessage(message=stored.id, mail=waiting))
    assert "no such mail" in desk.refused(ConfirmMessage(message=stored.id, mail="o99999999"))
    letter = desk.receive(mail(REFERRER, "Vraag", "Hoe staat het ermee?", auth="none"))
    assert "is no delivery report" in desk.refused(ConfirmMessage(message=letter.id, mail=waiting))


# ---- several recipients


def both(desk: Desk, key: str) -> dict[str, bool]:
    """Returns for each recipient of a notification whether its mail came back."""
    mails = desk.mails(notification=key, at_most_once=True)
    return {one.recipient: one.bounced for one in mails}


def test_a_report_fails_only_the_recipients_that_failed(desk: Desk) -> None:
    """Of one failed, one delivered and a stranger, one mail failed; the notification fails with the second one."""
    key = desk.notified("x-two")
    part = written(SECOND, "stranger@elsewhere.example") + "\n" + written(X_CHANNEL, action="delivered")[26:]
    desk.receive(bounce("Some recipients were not reached.", part))
    assert (both(desk, key), desk.notification(key).state) == ({X_CHANNEL: False, SECOND: True}, "sent")
    desk.receive(bounce("Some recipients were not reached!", written(X_CHANNEL, SECOND)))
    assert (both(desk, key), desk.notification(key).state) == ({X_CHANNEL: True, SECOND: True}, "failed")


def test_a_failure_beside_a_delay_leaves_the_delayed_recipient(desk: Desk) -> None:
    """What is delayed may still arrive: it is neither failed nor blocked."""
    key = desk.notified("x-two")
    part = written(SECOND) + "\n" + written(X_CHANNEL, action="delayed")[26:]
    desk.receive(bounce("Some recipients were not reached.", part))
    assert (both(desk, key), desk.notification(key).state) == ({X_CHANNEL: False, SECOND: True}, "sent")
    assert desk.happened(EventKind.ADDRESS_BAD) == 1


@pytest.mark.parametrize("named", ["answered", "number"])
@pytest.mark.parametrize("failed", [SECOND, "stranger@x-platform.example"])
def test_a_key_fits_only_with_the_recipient_that_is_named(desk: Desk, named: str, failed: str) -> None:
    """A report that answers our mail or bears its number fails the recipient it names, and none if that is another."""
    key = desk.notified("x-two")
    subject = f"Undelivered mail: [{number_of(desk, key)}] Two boxes" if named == "number" else "Undelivered mail"
    fields = () if named == "number" else (f"In-Reply-To: <{desk.message_id_of(key)}>",)
    desk.receive(bounce("It could not be delivered.", written(failed), subject=subject, fields=fields))
    assert both(desk, key) == {X_CHANNEL: False, SECOND: failed == SECOND}
    assert (alarms(desk), len(notices(desk))) == ((["bounced"], 0) if failed == SECOND else ([], 1))


@pytest.mark.parametrize("named", ["answered", "number"])
def test_a_report_without_a_recipient_is_about_one_of_two(desk: Desk, named: str) -> None:
    """Each recipient has an envelope of its own: a report that names none came from one of them, which is unknown."""
    key = desk.notified("x-two")
    subject = f"Undelivered mail: [{number_of(desk, key)}] Two boxes" if named == "number" else "Undelivered mail"
    fields = () if named == "number" else (f"In-Reply-To: <{desk.message_id_of(key)}>",)
    stored = desk.receive(bounce("It could not be delivered.", subject=subject, fields=fields))
    assert stored.mechanical is MechanicalKind.BOUNCE
    assert (both(desk, key), alarms(desk)) == ({X_CHANNEL: False, SECOND: False}, ["bounce unclear"])


# ---- what is no report


DUTCH = """Goedemiddag,

Dit adres is verhuisd: schrijf voortaan naar nieuw@x-platform.example. Het oude adres bestaat over een maand niet meer.

Met vriendelijke groet,
Jan

> [{number}] Twee vakjes
> Geachte heer, mevrouw"""
ENGLISH = """Hello,

This address has moved, please write to new@x-platform.example from now on. The old address will no longer be valid.

Kind regards,
Jan

> [{number}] Two boxes
> Dear Sir or Madam"""
HUMAN = {"nl": ("Re: Melding", DUTCH), "en": ("Re: Notice", ENGLISH)}


@pytest.mark.parametrize("language", HUMAN)
@pytest.mark.parametrize("fields", [(), ("Return-Path: <>",), ("Auto-Submitted: auto-replied",)], ids=repr)
def test_a_person_whose_address_moved_returns_nothing(desk: Desk, language: str, fields: tuple[str, ...]) -> None:
    """A reply that quotes our key and says that the address has moved is an answer, whatever its return path."""
    key = desk.notified()
    sent = desk.mail_of(key)
    subject, text = HUMAN[language]
    said = text.format(number=number_of(desk, key))
    stored = desk.receive(mail("jan@x-platform.example", subject, said, answers=sent.message_id, extra=fields))
    assert stored.mechanical is not MechanicalKind.BOUNCE
    assert (desk.mail_of(key), desk.notification(key).state) == (sent, "sent")
    assert not {AlarmKind.BOUNCED, AlarmKind.BOUNCE_CLAIMED, AlarmKind.BOUNCE_UNCLEAR} & {
        alarm.kind for alarm in desk.alarms()
    }


# ---- officers' mail, citizens' mail, hostile reports


def test_the_dead_address_of_an_officer_is_told_once(desk: Desk) -> None:
    """An officer gets many mails, alarms among them: the first report alerts the other officer, and no loop begins."""
    for channel in ("x-urgent", "meta-elections", "google-priority"):
        desk.receive(mail(REFERRER, "Bericht over stembiljet", "Er gaat een bericht rond.", at=desk.clock.now()))
        desk.go_on(1)
        desk.receive(bounce(f"Not delivered at {desk.clock.now()}.", written(OFFICER)))
        key = desk.notified(channel)
        desk.receive(bounce("Your mail could not be delivered.", subject=f"Undelivered: [{number_of(desk, key)}]"))
        desk.go_on(1)
        desk.receive(bounce(f"Not delivered once more at {desk.clock.now()}.", written(OFFICER)))
        desk.go_on(1)
    unclear = desk.one(Alarm, where(Alarm.kind).is_(AlarmKind.BOUNCE_UNCLEAR))
    assert OFFICER in unclear.text
    told = desk.mails(kind=Kind.ALARM)
    assert OFFICER not in {sent.recipient for sent in told if sent.dedupe.startswith(f"alarm/{unclear.id}")}


def test_a_report_that_names_thousands_is_read_and_shown(desk: Desk) -> None:
    """Neither tens of thousands of recipients nor of Message-IDs keep a report from being filed and told."""
    key = desk.notified()
    before = state_of(desk, key)
    many = "\n".join(written(*(f"p{number}@elsewhere.example" for number in range(800)))[26:] for _ in range(3))
    listed = ["X-Failed-Recipients: " + ", ".join(f"a{part}b{n}@e.example" for n in range(900)) for part in range(45)]
    threads = "References: " + " ".join(f"<{number}@elsewhere.example>" for number in range(900))
    stored = desk.receive(
        bounce("Not delivered.", f"Content-Type: text/plain\n\n{many}", fields=[threads], sender=FORGER)
    )
    assert (stored.mechanical, stored.place) == (MechanicalKind.BOUNCE, "noise")
    listed += [f"X-Failed-Recipients: {X_CHANNEL}"]  # behind so many, it is nobody's report about our mail
    stored = desk.receive(bounce("Not delivered.", fields=listed, sender=FORGER))
    assert (stored.mechanical, stored.place, alarms(desk)) == (MechanicalKind.BOUNCE, "noise", [])
    assert state_of(desk, key) == before


def test_forty_strangers_who_claim_hold_back_no_true_report(desk: Desk) -> None:
    """An address is easier to know than a Message-ID: their claims use up their own limits, and change nothing."""
    key = desk.notified()
    before = state_of(desk, key)
    for number in range(40):
        sender = f"MAILER-DAEMON@mx{number}.elsewhere{number}.example"
        desk.receive(bounce("Not delivered.", written(X_CHANNEL), sender=sender, trace=ELSEWHERE[1:]))
    desk.settle()
    assert state_of(desk, key) == before
    claims = desk.mails(kind=Kind.ALARM)
    assert 0 < len(claims) <= 20
    desk.receive(bounce("Your mail could not be delivered.", written(X_CHANNEL)))
    told = [sent for sent in desk.mails(kind=Kind.ALARM) if sent not in claims]
    assert [sent.dedupe.rpartition("/")[0] for sent in told] == [f"alarm/bounced/{desk.mail_of(key).id}"]
