# SPDX-License-Identifier: EUPL-1.2
"""Whether an uncertain mail was sent is settled by a reply to its alarm, by nobody but the officer who was alarmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.outbox import delivery
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import MailState
from tests.attacks.replying import Night, a_desk
from tests.attacks.test_record import sql
from tests.corpus import LANGUAGES
from tests.store.desk_fixtures import X_CHANNEL
from tests.tools.dutch import english_in_mail

SETTLES = {EventKind.MAIL_RESOLVED, EventKind.MAIL_ACCEPTED, EventKind.NOTIFICATION_SENT}
SENT = {"nl": "verstuurd", "en": "sent"}
NOT_SENT = {"nl": "niet verstuurd", "en": "not sent"}


@dataclass
class Doubt(Night):
    """A night with a notification of which nobody knows whether it was sent."""

    key: str = ""


@pytest.fixture(params=LANGUAGES)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Doubt:
    """Returns a night in which the server fell silent after the octets of a notification."""
    found = Doubt(a_desk(tmp_path, request.param), request.param)
    found.desk.server.says(-1, X_CHANNEL, "no answer after the end of the message")
    found.key = found.desk.notified()
    found.desk.settle()
    found.desk.server.script.clear()
    found.desk.clock.set(found.desk.clock.now() + timedelta(minutes=12))
    return found


def doubtful(night: Doubt) -> OutboxMail:
    """Returns the mail in doubt."""
    return night.desk.mail_of(night.key)


def words(text: str) -> str:
    """Returns a text without its line breaks."""
    return " ".join(text.split())


def test_the_alarm_offers_both_answers(night: Doubt) -> None:
    """It says what each does, in the reader's language."""
    sent = night.latest(Kind.ALARM)
    shown = night.body(sent)
    assert f"- {SENT[night.language]}\n" in shown
    assert f"- {NOT_SENT[night.language]}\n" in shown
    assert english_in_mail(night.desk.env.octets.get(sent.digest)) == () or night.language == "en"


def test_sent_starts_the_clocks_when_the_attempt_was_made(night: Doubt) -> None:
    """The desk knows when it handed the mail over; nobody has to look that up at night."""
    (said,) = night.answers(night.reply(night.latest(Kind.ALARM), SENT[night.language]))
    assert doubtful(night).state is MailState.ACCEPTED
    assert ("om 10:34 is verzonden" if night.language == "nl" else "sent at 10:34") in words(said)
    assert {state for state, _ in night.desk.clocks(night.key).values()} == {"running"}
    night.desk.assert_whole()


def test_sent_at_another_time_is_taken_as_told(night: Doubt) -> None:
    """The platform may have said when it came."""
    at = {"nl": "verstuurd om 10:36", "en": "sent at 10:36"}[night.language]
    (said,) = night.answers(night.reply(night.latest(Kind.ALARM), at))
    assert "10:36" in said
    assert doubtful(night).done_at == night.desk.clock.now() - timedelta(minutes=10)


def test_not_sent_sends_it_again_once(night: Doubt) -> None:
    """The same octets leave, compared with their approval as before each sending; a second reply does nothing."""
    before = len(night.desk.server.to(X_CHANNEL))
    alarm = night.latest(Kind.ALARM)
    night.reply(alarm, NOT_SENT[night.language])
    night.desk.settle()
    night.reply(alarm, NOT_SENT[night.language])
    night.desk.settle()
    handed = night.desk.server.to(X_CHANNEL)
    assert len(handed) == before + 1
    assert handed[-1].octets == handed[-2].octets
    assert doubtful(night).state is MailState.ACCEPTED


@pytest.mark.parametrize(
    "text",
    ["{sent}?", "{sent}, denk ik", "{sent}, I think", "{sent}\n{unsent}", "{unsent}\n\nwacht, toch wel", "> {unsent}",
     "nog {unsent}", "{unsent}, maar stuur nog niets", "ok", "> {sent}\n> {unsent}\n"],
)  # fmt: skip
def test_a_word_of_doubt_settles_nothing(night: Doubt, text: str) -> None:
    """It is answered with what would have been understood, and the mail stays in doubt."""
    before = night.events()
    said = text.format(sent=SENT[night.language], unsent=NOT_SENT[night.language])
    (answer,) = night.answers(night.reply(night.latest(Kind.ALARM), said))
    assert doubtful(night).state is MailState.UNCERTAIN
    assert not SETTLES & {event.kind for event in night.desk.events()[before:]}
    assert f"- {SENT[night.language]}" in answer


@pytest.mark.parametrize(
    ("by", "headers"),
    [
        ("B. de Vries <b.devries@bzk.example>", ()),
        ("Iemand <iemand@elders.example>", ()),
        ("X <urgent-escalation@x-platform.example>", ()),
        ("A. Jansen <a.jansen@bzk.example>", ("Sender: <iemand@elders.example>",)),
        ("A. Jansen <a.jansen@bzk.example>", ("Auto-Submitted: auto-replied",)),
    ],
)
def test_nobody_else_settles_it(night: Doubt, by: str, headers: tuple[str, ...]) -> None:
    """Neither a colleague with the officer's mail, nor a stranger, the platform, a machine, or another's Sender."""
    before = night.events()
    for text in (SENT[night.language], NOT_SENT[night.language]):
        night.reply(night.latest(Kind.ALARM), text, by=by, headers=headers)
    assert doubtful(night).state is MailState.UNCERTAIN
    assert not SETTLES & {event.kind for event in night.desk.events()[before:]}


def test_what_was_settled_meanwhile_is_not_settled_again(night: Doubt) -> None:
    """After a reply that it was sent, "not sent" sends nothing."""
    alarm = night.latest(Kind.ALARM)
    night.reply(alarm, SENT[night.language])
    before = len(night.desk.server.envelopes)
    night.reply(alarm, NOT_SENT[night.language])
    assert doubtful(night).state is MailState.ACCEPTED
    assert delivery.drain(night.desk.env) > 0
    assert X_CHANNEL not in {one.recipient for one in night.desk.server.envelopes[before:]}


def test_a_mail_that_was_changed_is_not_sent_by_a_reply(night: Doubt, tmp_path: Path) -> None:
    """What differs from the record stays in doubt, as the command has it."""
    sql(tmp_path, "UPDATE outbox SET recipient = 'elsewhere@evil.example' WHERE id = :id", id=doubtful(night).id)
    night.reply(night.latest(Kind.ALARM), NOT_SENT[night.language])
    night.desk.settle()
    assert night.desk.server.to("elsewhere@evil.example") == []


def test_a_call_about_it_is_noted_and_counts_as_no_answer(night: Doubt) -> None:
    """The question whether it came is no answer of the platform."""
    called = {"nl": "gebeld 10:40 ze kijken of hij er is", "en": "called 10:40 they look for it"}[night.language]
    night.reply(night.latest(Kind.ALARM), called)
    assert night.desk.happened(EventKind.CONTACT_NOTED) == 1
    assert night.desk.clocks(night.key) == {}
    assert doubtful(night).state is MailState.UNCERTAIN
