# SPDX-License-Identifier: EUPL-1.2
"""What mail to officers says first, and what it tells of a forward, a platform's answer, an escalation and an alarm."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import HandOver
from flaggermail.mail.message import Message
from flaggermail.record.case_values import ContactMeans
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from tests.attacks.replying import Night, a_desk
from tests.store.desk_fixtures import REFERRER, X_CHANNEL, Desk, mail

META = "elections-eu@meta-platform.example"
FORWARD = """Graag spoed, dit gaat hard rond.

Van: J. Kiezer <kiezer@mailprovider.example>
Verzonden: donderdag 6 juni 2024 09:55
Aan: Griffie <griffie@lindewaard.example>
Onderwerp: Verkeerde stemdag

Op het net staat dat de stemming een dag later is.
neem
"""


def told(desk: Desk, kind: Kind) -> Message:
    """Settles; returns the last mail of that kind to an officer."""
    desk.settle()
    last = max(desk.mails(kind=kind), key=lambda row: row.id)
    return desk.env.parser.parse(desk.env.octets.get(last.digest))


def flowing(message: Message) -> str:
    """Returns the text without its line breaks."""
    return " ".join(message.text.split())


def opening(message: Message) -> str:
    """Returns the first paragraph."""
    return " ".join(message.text.split("\n\n", 1)[0].split())


def test_a_forwarders_words_and_the_forwarded_mail_are_told_apart(desk: Desk) -> None:
    """Who forwarded stands above their words, who wrote the original above its words; all of it bears the mark."""
    stored = desk.receive(mail(REFERRER, "FW: Verkeerde stemdag", FORWARD))
    notice = told(desk, Kind.OFFICER_NOTICE)
    assert notice.subject == f"Nieuwe zaak: FW: Verkeerde stemdag [{stored.case}]"
    assert opening(notice) == "| Nieuwe zaak: Verkeerde stemdag"
    parts = (
        f"| Doorgestuurd door: {REFERRER}", "De afzender schrijft erbij: | Graag spoed, dit gaat hard rond.",
        "De doorgestuurde mail: | Geschreven door: J. Kiezer <kiezer@mailprovider.example>",
        "| Op het net staat dat de stemming een dag later is. | neem",
    )  # fmt: skip
    places = [flowing(notice).find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_the_case_form_tells_a_forwarders_words_and_the_forwarded_mail_apart(tmp_path: Path) -> None:
    """As the mail about the new case does; the form itself stays as it was."""
    night = Night(a_desk(tmp_path))
    sent = night.form("FW: Verkeerde stemdag", FORWARD)
    parts = (
        "===== formulier", f"| Doorgestuurd door: {REFERRER}",
        "De afzender schrijft erbij: | Graag spoed, dit gaat hard rond.",
        "De doorgestuurde mail: | Geschreven door: J. Kiezer <kiezer@mailprovider.example>",
        "| Op het net staat dat de stemming een dag later is. | neem",
    )  # fmt: skip
    shown = " ".join(night.body(sent).split())
    places = [shown.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_an_answer_says_which_clocks_stopped_and_repeats_nothing_of_ours(desk: Desk) -> None:
    """The stopped clocks with local time and minutes, the new words alone, and the command that shows the rest."""
    key = desk.notified()
    desk.clock.set(desk.clock.now() + timedelta(minutes=99))
    quoted = "\n> Could you please look at the post below under your own policy?"
    stored = desk.receive(
        mail(
            X_CHANNEL, text=f"We look into it.\n\nOn Thursday the desk wrote:{quoted}", at=desk.clock.now(),
            answers=desk.message_id_of(key),
        )
    )  # fmt: skip
    notice = told(desk, Kind.OFFICER_NOTICE)
    text = flowing(notice)
    assert opening(notice).endswith("· X · 99 minuten")
    assert "zijn gestopt om 12:13, na 99 minuten." in text
    assert "We look into it." in text
    assert "under your own policy" not in text
    assert f"De hele mail: flaggermail message show {stored.id}" in text


ROBOTS = {
    "closes the case": "We reviewed the content you reported and removed it. This is an automated message.",
    "an agent in Zendesk": "Hi Karin,\n\nWe have removed the two posts and labelled the third one.\n\nSam",
}


@pytest.mark.parametrize("text", ROBOTS.values(), ids=ROBOTS)
def test_a_robots_result_is_told_once_and_stops_the_receipt_clock_alone(desk: Desk, text: str) -> None:
    """A declared automatic mail that tells what came of the matter reaches the officer as an automatic answer."""
    key = desk.notified()
    desk.clock.set(desk.clock.now() + timedelta(minutes=41))
    octets = mail(
        X_CHANNEL, "Case 0391774482 has been closed", text, at=desk.clock.now(), answers=desk.message_id_of(key),
        extra=("Auto-Submitted: auto-generated",),
    )  # fmt: skip
    stored = desk.receive(octets)
    desk.receive(octets)
    notice = told(desk, Kind.OFFICER_NOTICE)
    assert len(desk.mails(shows=stored.id)) == 1
    said = "kwam een automatische mail van X binnen. Deze gaat inhoudelijk op de zaak in. De mail geldt als"
    assert f"{said} geschreven door een systeem, niet door een medewerker" in flowing(notice)
    assert "De klok 'ontvangstbevestiging' is gestopt om 11:15, na 41 minuten." in flowing(notice)
    assert {name: state for name, (state, _) in desk.clocks(key).items()} == {
        "receipt": "stopped", "human": "running", "substance": "running",
    }  # fmt: skip
    desk.assert_whole()


def from_a_robot(desk: Desk, text: str) -> StoredMessage:
    """Takes in an automatic reply to a notification, two minutes after it; settles."""
    key = desk.notified()
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    stored = desk.receive(
        mail(
            X_CHANNEL, text=text, at=desk.clock.now(), answers=desk.message_id_of(key),
            extra=("Auto-Submitted: auto-replied",),
        )
    )  # fmt: skip
    desk.settle()
    assert stored.automatic
    return stored


RECEIPT = "We have received your report."


@pytest.mark.parametrize("text", [RECEIPT, f"Thanks! {RECEIPT} We will review it. Do not reply."])
def test_a_robots_receipt_is_told_to_nobody(desk: Desk, text: str) -> None:
    """Nor is one that promises to look into it, as each receipt does."""
    stored = from_a_robot(desk, text)
    assert desk.mails(shows=stored.id) == []


def test_a_robots_promise_that_is_no_receipt_is_told(desk: Desk) -> None:
    """Once, for what it is: it does not say that our mail arrived."""
    stored = from_a_robot(desk, "Thanks! We will review it. Do not reply.")
    assert len(desk.mails(shows=stored.id)) == 1
    assert "een automatische mail van X binnen. Deze zegt iets toe." in flowing(told(desk, Kind.OFFICER_NOTICE))


def test_the_subject_of_a_notice_has_the_number_once(desk: Desk) -> None:
    """The platform answers to our subject, which bears the number with its tail: ours at the end is the only one."""
    key = desk.notified()
    subject = f"Re: {desk.mails(kind=Kind.NOTIFICATION)[0].subject}"
    desk.receive(mail(X_CHANNEL, subject, "We look.", at=desk.clock.now(), answers=desk.message_id_of(key)))
    found = told(desk, Kind.OFFICER_NOTICE).subject or ""
    assert subject.count("VF-EP2024-0001-") == 1
    assert (found.count("VF-EP2024-0001"), found.endswith("[VF-EP2024-0001]")) == (1, True)


def test_a_second_answer_says_why_no_clock_stopped(desk: Desk) -> None:
    """An earlier answer had stopped them."""
    key = desk.notified()
    for minutes, words in ((10, "We look into it."), (20, "We are still looking into it.")):
        desk.clock.set(desk.clock.now() + timedelta(minutes=minutes))
        desk.receive(mail(X_CHANNEL, text=words, at=desk.clock.now(), answers=desk.message_id_of(key)))
    assert "Er is geen klok gestopt: dat had een eerder antwoord al gedaan." in flowing(told(desk, Kind.OFFICER_NOTICE))


@pytest.mark.parametrize(
    ("channel", "says"),
    [("meta-elections", "bel Meta op +31 20 000 0001."), ("google-priority", "er is geen telefoonnummer bekend")],
)
def test_an_escalation_names_the_platforms_phone_channel(desk: Desk, channel: str, says: str) -> None:
    """A mail channel without a number has that of the platform's phone channel."""
    desk.notified(channel)
    for _ in range(6):
        desk.go_on(60)
    notice = told(desk, Kind.ESCALATION)
    assert says in flowing(notice)
    assert "Two boxes coloured on one list ·" in opening(notice)


@pytest.mark.parametrize(
    ("contact", "says"),
    [
        ("call", "laatste contact: 6 juni 2024 om 11:35, telefoongesprek, genoteerd door"),
        ("follow-up", "laatste contact: 6 juni 2024 om 11:35, onze eigen mail"),
        ("", "geen contact"),
    ],
)
def test_what_is_handed_over_bears_the_last_contact(desk: Desk, contact: str, says: str) -> None:
    """The call, when and by whom, or our own further mail, or that there was no contact."""
    key = desk.notified("meta-elections")
    desk.go_on(61)
    (reminder,) = desk.reminders()
    if contact == "follow-up":
        case = desk.notification(key).case
        further = desk.do(Draft(case=case, channel="meta-elections", follow_up=True, text="One more post."))
        desk.do(Approve(draft=further.key))
        desk.settle()
    if contact == "call":
        desk.do(NoteContact(case=desk.notification(key).case, means=ContactMeans.PHONE, text="Voicemail."))
    desk.do(HandOver(reminder=reminder.id, officer="officer2"))
    notice = told(desk, Kind.OFFICER_NOTICE)
    assert says in flowing(notice)
    assert opening(notice).endswith("· Meta · 61 minuten")


def test_an_alarm_says_why_what_can_be_done_and_whom_to_call(desk: Desk) -> None:
    """The digits of the server's reply, the remedy, and the platform's number; no words that may be a stranger's."""
    desk.server.says(550, META, "no such user")
    desk.notified("meta-elections")
    text = flowing(told(desk, Kind.ALARM))
    assert "antwoord 550" in text
    assert "no such user" not in text
    assert "Wat u kunt doen: Deze mail wordt niet opnieuw verzonden." in text
    assert "Meta is te bellen op +31 20 000 0001." in text
