# SPDX-License-Identifier: EUPL-1.2
"""A case number, a ticket number and a genuine mail to somebody else are claims: they suggest, and stop no clock.

Who knows a number: the referrer, everybody who ever had a mail of that case, and whoever can count. Who can have a
platform write to us: everybody with an account there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from flaggermail.cases.configuration_record import register
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.messages import ConfirmMessage, RefuseMessage
from flaggermail.commands.notify import Draft
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.mail.message import MechanicalKind
from flaggermail.outbox import delivery
from flaggermail.record.case_values import Decision
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage, ThreadKey
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import (
    DESK,
    META,
    OFFICER,
    OURS,
    REFERRER,
    START,
    X_CHANNEL,
    Desk,
    X,
    desk_settings,
    equipped,
    mail,
    opened,
    report_of,
)
from tests.tools.wording import english

COMMUNITY = "no-reply@community.x-platform.example"  # system mail that shows what a user wrote
ATTACKER = "wim@elsewhere.example"
SIGNED_TO = "DKIM-Signature: v=1; a=rsa-sha256; d=x-platform.example; s=s1; h=from:to:subject; bh=x; b=x"
SIGNED_CC = SIGNED_TO.replace("from:to", "from:to:cc")
REFERRAL = ("Verkeerde stemdag rondgestuurd", "Zie het bericht. Zelf twee keer gemeld.")


@pytest.fixture(scope="module")
def settings() -> Configuration:
    """Returns the settings of the store's tests."""
    return desk_settings()


@pytest.fixture(scope="module")
def equipment(settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Returns the services that are slow to load, on a desk that only knows its configuration."""
    folder = tmp_path_factory.mktemp("equipment")
    (folder / "database").write_bytes(migrated())
    made = equipped(settings, folder)
    made.store.close()
    yield made
    made.close()


@pytest.fixture
def desk(equipment: Services, settings: Configuration, tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk."""
    (tmp_path / "database").write_bytes(migrated())
    made = opened(equipment, settings, tmp_path)
    register(made.env)
    yield made
    made.env.store.close()


def case_of(notification: str) -> str:
    """Returns the case number in a notification's id."""
    return notification.partition("/")[0]


def assert_waits(desk: Desk, stored: StoredMessage, key: str, clue: str) -> None:
    """Asserts that a mail waits with a suggestion and this clue, that it stopped nothing, and that a person can."""
    case = case_of(key)
    assert (stored.place, stored.case, stored.notification) == ("quarantine", None, None)
    assert any(text.startswith(f"{case} ") and clue in text for text in english(stored.suggestions)), english(
        stored.suggestions
    )
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}
    if stored.verdict == "verified":
        desk.clock.set(desk.clock.now() + timedelta(minutes=200))
        desk.do(PlaceMessage(message=stored.id, case=case))
        waited = int((stored.received_at - START).total_seconds()) // 60
        assert desk.clocks(key)["human"] == ("stopped", waited)  # to the arrival, not to the filing


def later(desk: Desk, minutes: int = 31) -> None:
    """Lets some minutes pass after the notification."""
    desk.clock.set(START + timedelta(minutes=minutes))


# ---- bare numbers


def test_a_number_in_system_mail_of_a_sub_domain_waits(desk: Desk) -> None:
    """A user's words in genuine system mail of a sub-domain name the case: nothing stops until a person says so."""
    key = desk.notified()
    later(desk)
    text = f"Wim invited you to a group: {case_of(key)}. We received your report and have taken action."
    stored = desk.receive(mail(COMMUNITY, f"Wim mentioned you: {case_of(key)}", text, at=desk.clock.now()))
    assert stored.verdict == "verified"
    assert_waits(desk, stored, key, "its number is named; it comes from another address than was known there")


def test_a_number_from_any_other_address_of_the_platform_waits(desk: Desk) -> None:
    """A number proves nothing from an address that platforms.yaml does not name for the channel."""
    key = desk.notified()
    later(desk)
    stored = desk.receive(mail(X, f"Re: [{case_of(key)}] Two boxes", at=desk.clock.now()))
    assert_waits(desk, stored, key, "its number is named")


def test_a_number_from_the_channels_own_address_places(desk: Desk) -> None:
    """Verified mail to us from the address that was written to, with the number, stops the clocks."""
    key = desk.notified()
    later(desk)
    stored = desk.receive(mail(X_CHANNEL, f"Re: [{case_of(key)}] Two boxes", at=desk.clock.now()))
    assert (stored.notification, desk.clocks(key)["human"]) == (key, ("stopped", 31))


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_number_from_the_channels_own_address_unverified_waits(desk: Desk, auth: str) -> None:
    """Anybody can write the channel's address into From."""
    key = desk.notified()
    stored = desk.receive(mail(X_CHANNEL, f"Re: [{case_of(key)}] Two boxes", auth=auth))
    assert_waits(desk, stored, key, "nobody vouches for its sender")


def test_the_channel_of_another_use_is_another_address(desk: Desk) -> None:
    """The address of a channel of another platform, or of no notification of the case, proves nothing there."""
    key = desk.notified("meta-elections")
    stored = desk.receive(mail(X_CHANNEL, f"Re: [{case_of(key)}]"))
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")


def test_a_verified_referrers_number_files_and_proves_nothing(desk: Desk) -> None:
    """From the referrer's own address the number files their next mail; a colleague of theirs, or a forger, waits."""
    first = desk.receive(mail(REFERRER, *REFERRAL))
    case = first.case or ""
    same = desk.receive(mail(REFERRER, "Nog iets", f"Bij {case}: de schermafdruk."))
    assert (same.case, same.match_basis.english) == (case, f"names {case}, sender fits")
    for sender, auth in (("burgemeester@lindewaard.example", "pass"), (REFERRER, "none"), (ATTACKER, "pass")):
        other = desk.receive(mail(sender, "Nog iets", f"Bij {case}: {sender} {auth}.", auth=auth))
        assert (other.place, other.case) == ("quarantine", None)
        assert english(other.suggestions)[0].startswith(f"{case} (")


# ---- a genuine mail to somebody else


@pytest.mark.parametrize(
    ("to", "extra"),
    [
        (ATTACKER, ()),
        (f"verkiezingenflagger@elsewhere.example, {ATTACKER}", ()),
        ("undisclosed-recipients:;", ()),
        (f'"{DESK}" <{ATTACKER}>', ()),
        (ATTACKER, (f"Delivered-To: {DESK}", f"Resent-To: {DESK}", f"Bcc: {DESK}")),
        (ATTACKER, (SIGNED_TO, f"Cc: {DESK}")),
        (ATTACKER, (SIGNED_TO, f"To: {DESK}")),
    ],
    ids=["to him", "look-alike", "to nobody", "our name on it", "passed on", "a Cc added", "a second To added"],
)
def test_a_signed_answer_to_a_ticket_of_somebody_else_waits(desk: Desk, to: str, extra: tuple[str, ...]) -> None:
    """The platform's genuine answer to a ticket that the attacker opened, passed on to us, stops nothing.

    The attacker may have copied our Message-ID and the number into the ticket: the referrer knows one, the platform's
    clerk both.
    """
    key = desk.notified()
    later(desk)
    answer = f"In-Reply-To: <{desk.message_id_of(key)}>"
    octets = mail(X_CHANNEL, f"Re: {case_of(key)}", at=desk.clock.now(), to=to, extra=(answer, *extra))
    assert_waits(desk, desk.receive(octets), key, "it was not addressed to us")


@pytest.mark.parametrize(
    ("to", "extra"),
    [
        (f"A <{ATTACKER}>, Desk <{DESK.upper()}>", ()),
        (DESK.replace("@", "+whatever@"), ()),
        (ATTACKER, (f"Cc: {DESK}",)),
        (ATTACKER, (SIGNED_CC, f"Cc: {DESK}")),
        (DESK, (SIGNED_TO,)),
    ],
    ids=["among others", "plus-address", "in Cc", "in a signed Cc", "in a signed To"],
)
def test_an_answer_addressed_to_us_counts(desk: Desk, to: str, extra: tuple[str, ...]) -> None:
    """To and Cc name us, alone or among others, with a detail or in capitals."""
    key = desk.notified()
    later(desk)
    octets = mail(at=desk.clock.now(), to=to, answers=desk.message_id_of(key), extra=extra)
    assert (desk.receive(octets).notification, desk.clocks(key)["human"]) == (key, ("stopped", 31))


def test_an_alias_of_the_mailbox_is_an_address_of_ours(desk: Desk) -> None:
    """An answer to a further address of the mailbox counts once the settings name it."""
    key, alias = desk.notified(), "flagger@oud.bzk.example"
    asked = mail(to=alias, answers=desk.message_id_of(key))
    assert desk.receive(asked).place == "quarantine"
    found = desk.env.settings
    mailbox = found.desk.mailbox.model_copy(update={"aliases": (alias,)})
    desk.with_settings(found.model_copy(update={"desk": found.desk.model_copy(update={"mailbox": mailbox})}))
    again = mail(to=alias, answers=desk.message_id_of(key), text="Once more: got it.")
    assert desk.receive(again).notification == key


def test_the_referrers_key_in_a_platforms_answer_waits(desk: Desk) -> None:
    """The referrer puts the References of our confirmation into a ticket and has us in Cc: that key was never X's."""
    first = desk.receive(mail(REFERRER, *REFERRAL))
    case = first.case or ""
    desk.do(Assess(case=case, incorrect=True, criteria=(1,), own_attempts=2))
    desk.do(Decide(case=case, decision=Decision.NOTIFY, reason="such votes are invalid"))
    draft = desk.do(Draft(case=case, channel="x-urgent", text="One post.")).key
    desk.do(Approve(draft=draft))
    delivery.drain(desk.env)
    (confirmation,) = desk.mails(kind=Kind.INTAKE_CONFIRMATION)
    octets = mail(to=f"{REFERRER}, {DESK}", answers=confirmation.message_id)
    assert_waits(desk, desk.receive(octets), draft, "that mail went to somebody else")
    octets = mail(COMMUNITY, "Ticket", to=DESK, answers=first.message_id)
    stored = desk.receive(octets)
    assert (stored.place, stored.notification) == ("quarantine", None)


def test_a_strangers_mail_that_we_filed_is_no_key_of_ours(desk: Desk) -> None:
    """The attacker's own mail, filed in the case, is answered by the platform with us in Cc: it stops nothing."""
    key = desk.notified()
    bait = desk.receive(
        mail(ATTACKER, f"Over {case_of(key)}", "Ik weet hier meer van.", message_id="bait@elsewhere.example")
    )
    desk.do(PlaceMessage(message=bait.id, case=case_of(key)))
    later(desk)
    stored = desk.receive(
        mail(X, "Your ticket", to=f"{ATTACKER}, {DESK}", answers="bait@elsewhere.example", at=desk.clock.now())
    )
    assert_waits(desk, stored, key, "refers to something that mail of this case named")


def test_a_mail_of_the_platform_is_a_key_of_its_author_alone(desk: Desk) -> None:
    """Under the Message-ID of X's own earlier answer, X's author counts, and another address of X waits."""
    key = desk.notified()
    first = desk.receive(mail(X, "Received", answers=desk.message_id_of(key), extra=("Auto-Submitted: auto-replied",)))
    later(desk)
    stored = desk.receive(mail(COMMUNITY, "More", "We have done it.", answers=first.message_id, at=desk.clock.now()))
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")
    true = desk.receive(mail(X, "More", "We have done it.", answers=first.message_id, at=desk.clock.now()))
    assert (true.notification, desk.clocks(key)["human"]) == (key, ("stopped", 31))


# ---- learned keys


def receipt(desk: Desk, key: str, number: str = "#5519", *, sender: str = X) -> StoredMessage:
    """The platform's system acknowledges the notification and gives its own number."""
    octets = mail(
        sender, f"We received your request [{number}]", "This is an automated message.",
        answers=desk.message_id_of(key), extra=("Auto-Submitted: auto-replied",),
    )  # fmt: skip
    return desk.receive(octets)


def test_a_ticket_number_counts_only_from_the_address_that_taught_it(desk: Desk) -> None:
    """The number that X's system gave leads X's system there; from any other address of X it only suggests."""
    key = desk.notified()
    receipt(desk, key)
    later(desk)
    other = desk.receive(mail(COMMUNITY, "[#5519] Update", "We have taken action.", at=desk.clock.now()))
    assert (other.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")
    assert "refers to something that mail of this case named" in english(other.suggestions)[0]
    unsure = desk.receive(mail(X, "[#5519] Update", "We have done it.", auth="none"))
    assert (unsure.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")
    true = desk.receive(mail(X, "[#5519] Update", "We took action on it.", at=desk.clock.now()))
    assert (true.notification, desk.clocks(key)["human"]) == (key, ("stopped", 31))


def test_two_addresses_teach_one_key_without_taking_it_from_each_other(desk: Desk) -> None:
    """A second address that proves itself by our key teaches the same number, and the first one keeps it."""
    key, second = desk.notified(), "casey@support.x-platform.example"
    receipt(desk, key)
    desk.receive(mail(second, "[#5519] Looking", "Looking at it.", answers=desk.message_id_of(key)))
    for sender in (X, second):
        assert desk.receive(mail(sender, "[#5519] Update", f"News from {sender}.")).notification == key
    assert [row.ambiguous for row in desk.all(ThreadKey)] == [False, False]


def test_a_colleague_of_the_referrer_teaches_nothing(desk: Desk) -> None:
    """Verified mail under our key from anybody but the referrer or a notified platform teaches no key."""
    key = desk.notified()
    desk.receive(
        mail(
            ATTACKER,
            "Re: Two boxes",
            "Hello.",
            answers=desk.message_id_of(key),
            extra=("References: <next@x-platform.example>",),
        )
    )
    desk.receive(mail(META, "Re: Two boxes", "Case #7777.", answers=desk.message_id_of(key)))
    assert desk.all(ThreadKey) == []


def test_one_mail_teaches_a_few_keys_only(desk: Desk) -> None:
    """A mail full of numbers and References teaches five keys."""
    key = desk.notified()
    many = " ".join(f"#{number}" for number in range(6000, 6100))
    named = " ".join(f"<{number}@x-platform.example>" for number in range(50))
    desk.receive(mail(X, "Re: Two boxes", many, answers=desk.message_id_of(key), extra=(f"References: {named}",)))
    assert len(desk.all(ThreadKey)) == 5


def test_filing_a_forged_mail_teaches_nothing(desk: Desk) -> None:
    """An officer files a mail that pretends to be X's: a ticket of the attacker's becomes no key of the case."""
    key = desk.notified()
    forged = desk.receive(mail(X, "[#7777] Your report", "See there.", auth="none"))
    desk.do(PlaceMessage(message=forged.id, case=case_of(key)))
    assert desk.all(ThreadKey) == []
    later(desk)
    true = desk.receive(
        mail(X, "[#7777] Solved", "Your ticket is solved.", to=f"{ATTACKER}, {DESK}", at=desk.clock.now())
    )
    assert (true.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")


def test_a_key_dies_with_the_trust_in_its_mail(desk: Desk) -> None:
    """Once an officer calls the mail forged that taught a key, that key places nothing."""
    key = desk.notified()
    taught = receipt(desk, key)
    desk.do(RefuseMessage(message=taught.id, reason="not theirs"))
    assert desk.receive(mail(X, "[#5519] Update", "We have taken action.")).place == "quarantine"


# ---- closed cases


@pytest.mark.parametrize("auth", ["none", "fail"])
@pytest.mark.parametrize("sender", [X, ATTACKER])
def test_unverified_mail_opens_no_closed_case(desk: Desk, sender: str, auth: str) -> None:
    """Under our own key, an unverified mail for a closed case waits for a person, who may re-open it."""
    key = desk.notified()
    desk.do(CloseCase(case=case_of(key)))
    stored = desk.receive(mail(sender, "Re: Two boxes", "One more thing.", auth=auth, answers=desk.message_id_of(key)))
    assert (stored.place, desk.case(case_of(key)).state) == ("quarantine", "closed")
    assert "the case is closed" in english(stored.suggestions)[0]
    desk.do(PlaceMessage(message=stored.id, case=case_of(key)))
    assert desk.case(case_of(key)).state == "notified"
    assert desk.clocks(key)["human"][0] == "running"  # filed, and still nobody vouches for its sender
    desk.do(ConfirmMessage(message=stored.id))
    assert desk.clocks(key)["human"][0] == ("stopped" if sender == X else "running")


def test_verified_mail_opens_a_closed_case(desk: Desk) -> None:
    """A verified answer re-opens the case and stops the clock."""
    key = desk.notified()
    desk.do(CloseCase(case=case_of(key)))
    later(desk, 3000)
    desk.receive(mail(answers=desk.message_id_of(key), at=desk.clock.now()))
    assert desk.case(case_of(key)).state in {"notified", "answered"}
    assert desk.clocks(key)["human"] == ("stopped", 3000)


# ---- delivery reports


THEIRS = "MAILER-DAEMON@mx.x-platform.example"


def outside(said: str, sender: str) -> tuple[str, ...]:
    """Returns the trace of a mail that came in over SMTP, with our server's verdict on top and a forged trace below."""
    domain = sender.rpartition("@")[2]
    return (
        f"Authentication-Results: mx.bzk.example; dmarc={said} header.from={domain}",
        f"Received: from mx.bzk.example (unknown [192.0.2.7]) by mx.bzk.example with ESMTPS; {format_datetime(START)}",
        OURS[0],
    )


CLAIMS = {
    "in our server's name": ("MAILER-DAEMON@mx.bzk.example", "none"),
    "in our server's name, failed": ("MAILER-DAEMON@mx.bzk.example", "fail"),
    "by the referrer": (REFERRER, "pass"),
    "in the platform's name": (THEIRS, "none"),
    "in the platform's name, failed": (THEIRS, "fail"),
    "by another platform": ("MAILER-DAEMON@mx.meta-platform.example", "pass"),
    "by an officer": (OFFICER, "pass"),
}


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_a_claimed_delivery_report_changes_nothing(desk: Desk, name: str, action: str) -> None:
    """Whoever knows the Message-ID of our notification reports that it never arrived: an alarm, and no change."""
    sender, said = CLAIMS[name]
    key = desk.notified()
    before = desk.mail_of(key), desk.notification(key), desk.clocks(key)
    octets = report_of(desk.message_id_of(key), X_CHANNEL, action, sender=sender, trace=outside(said, sender))
    for again in range(2):
        stored = desk.receive(octets.replace(b"About", b"About " * (again + 1)))
    assert (desk.mail_of(key), desk.notification(key), desk.clocks(key)) == before
    assert desk.happened(EventKind.ADDRESS_BAD) == 0
    desk.settle()
    (alarm,) = desk.mails(kind=Kind.ALARM)
    text = " ".join(desk.env.parser.parse(desk.env.octets.get(alarm.digest)).text.split())
    first = desk.messages(mechanical=MechanicalKind.BOUNCE)[0]
    for said in (
        f"{sender.lower()} (",
        f"{X_CHANNEL}: ",
        f"flaggermail message confirm {first.id}",
        "- echt",
        "- vals",
    ):
        assert said in text
    assert alarm.notification == key
    assert desk.drafted("x-urgent", case_of(key))  # the channel can still be used
    assert stored.id != first.id


def test_a_report_that_names_no_mail_of_ours_is_told_with_its_case(desk: Desk) -> None:
    """A report may come into a case and not say which mail came back: then it is further mail there, not unplaced."""
    key = desk.notified()
    octets = report_of("other@elsewhere.example", X_CHANNEL, sender=THEIRS, trace=outside("pass", THEIRS))
    answers = f"In-Reply-To: <{desk.message_id_of(key)}>\r\nFrom: ".encode()
    stored = desk.receive(octets.replace(b"From: ", answers, 1))
    assert stored.case == case_of(key)
    notice = desk.mails(kind=Kind.OFFICER_NOTICE)[-1]
    text = " ".join(desk.env.parser.parse(desk.env.octets.get(notice.digest)).text.split())
    assert f"[{stored.case}]" in notice.subject
    further = "In deze zaak is nog een mail binnengekomen." in text
    assert (further, "niet aan een zaak worden gekoppeld" in text) == (True, False)


def test_a_person_makes_a_claimed_report_count(desk: Desk) -> None:
    """Confirmed by a person, the report counts: the notification failed, its clocks end and the address is bad."""
    key = desk.notified()
    octets = report_of(desk.message_id_of(key), X_CHANNEL, sender=REFERRER, trace=outside("pass", REFERRER))
    stored = desk.receive(octets)
    assert desk.notification(key).state == "sent"
    desk.do(ConfirmMessage(message=stored.id))
    assert (desk.notification(key).state, desk.mail_of(key).state) == ("failed", "refused")
    assert {state for state, _ in desk.clocks(key).values()} == {"cancelled"}
    assert "counts already" in desk.refused(ConfirmMessage(message=stored.id))


def test_an_officer_accepts_a_claimed_report_by_reply(desk: Desk) -> None:
    """The alarm about a claim is answered with `echt`, like an unverified answer of a platform."""
    key = desk.notified()
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, sender=REFERRER, trace=outside("pass", REFERRER)))
    (alarm,) = desk.mails(kind=Kind.ALARM)
    desk.receive(mail(OFFICER, "Re: Let op", "echt", answers=alarm.message_id))
    assert desk.notification(key).state == "failed"


@pytest.mark.parametrize(
    ("sender", "trace"),
    [
        ("MAILER-DAEMON@mx.bzk.example", OURS),
        (
            "MAILER-DAEMON@mx.bzk.example",
            (
                f"Received: from mx.bzk.example ([::1]) by mx.bzk.example with LMTP id x; {format_datetime(START)}",
                OURS[0],
            ),
        ),
        ("postmaster@smtp.bzk.example", outside("pass", "postmaster@smtp.bzk.example")),
        (THEIRS, outside("pass", THEIRS)),
        (X, outside("pass", X)),
    ],
    ids=["our Postfix", "our Postfix, through LMTP", "our relay, verified", "the platform's server", "the platform"],
)
def test_a_true_delivery_report_counts(desk: Desk, sender: str, trace: tuple[str, ...]) -> None:
    """A report of our own server, or a verified one of the failed recipient's organisation, counts at once."""
    key = desk.notified()
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, sender=sender, trace=trace))
    assert (desk.notification(key).state, desk.mail_of(key).bounced) == ("failed", True)
