# SPDX-License-Identifier: EUPL-1.2
"""Machine mail that carries a referral waits for a person; noise of senders who are known is listed once a day."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.intake.ingest import ingest
from flaggermail.notices import digest
from flaggermail.ports import RawMessage, Role
from flaggermail.record.kinds import Kind, Place
from flaggermail.rules.files import load_rules
from flaggermail.shipped import shipped
from tests.store.desk_fixtures import CITIZEN, DESK, OFFICER, REFERRER, Desk, mail

GENERATED = ("Auto-Submitted: auto-generated",)
REPLIED = ("Auto-Submitted: auto-replied",)
ONE_CLICK = ("List-Unsubscribe: <https://lindewaard.example/u>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
FAKE = "Onder onze naam staat een nepaccount op X. Het plaatst verkeerde openingstijden van stembureaus."
AWAY = "Ik ben afwezig tot maandag 10 juni. Voor dringende zaken kunt u bellen met de griffie."
FORWARD = (
    "---------- Forwarded message ---------\nVan: Griffie <{sender}>\nDatum: do 6 jun 2024 09:12\n"
    "Onderwerp: Nepaccount\nAan: post@elders.example\n\n" + FAKE
)
QUOTES = (
    AWAY + "\n\nVan: {author}\nVerzonden: donderdag 6 juni 2024 09:12\nAan: Griffie <" + REFERRER + ">\n"
    "Onderwerp: Ontvangen\n\nUw melding over een nepaccount is ontvangen."
)


def told(desk: Desk, kind: Kind = Kind.OFFICER_NOTICE) -> list[str]:
    """Returns the text of each mail of that kind to the officer on call."""
    found = desk.mails(kind=kind, recipient=OFFICER)
    return [desk.env.parser.parse(desk.env.octets.get(one.digest)).text for one in found]


@pytest.mark.parametrize(
    ("sender", "subject", "text", "extra"),
    [
        (REFERRER, "Webformulier: nepaccount van de gemeente", FAKE, GENERATED),
        (REFERRER, "Automatic reply: melding", FORWARD.format(sender=REFERRER), REPLIED),
        ("formulier@elders.example", "Nieuw bericht", FORWARD.format(sender=REFERRER), GENERATED),
        (REFERRER, "Nieuws: ons account is gehackt", "Het account van de gemeente is gehackt.", ONE_CLICK),
    ],
    ids=["a web form", "a forward in an automatic reply", "a form that encloses an authority's mail", "a mailing"],
)
def test_machine_mail_that_carries_a_referral_waits_for_a_person(
    desk: Desk, sender: str, subject: str, text: str, extra: tuple[str, ...]
) -> None:
    """It is quarantined with a notice; nobody gets an answer, and no case opens by itself."""
    stored = desk.receive(mail(sender, subject, text, extra=extra))
    assert (stored.place, stored.reason.english) == (Place.QUARANTINE, "machine mail that carries a referral")
    (notice,) = told(desk)
    assert stored.id in notice
    assert [row.kind for row in desk.mails()] == [Kind.OFFICER_NOTICE]
    desk.assert_whole()


def enclosing(sender: str, inner: bytes) -> bytes:
    """Returns a machine's mail with another mail attached."""
    body = "--cut\nContent-Type: text/plain\n\nZie de bijlage.\n--cut\nContent-Type: message/rfc822\n\n"
    text = f"{body}{inner.decode()}\n--cut--".replace("\r\n", "\n")
    return mail(sender, "Nieuw bericht", text, extra=(*GENERATED, "Content-Type: multipart/mixed; boundary=cut"))


@pytest.mark.parametrize(
    ("sender", "inner", "place"),
    [
        ("scanner@elders.example", REFERRER, Place.QUARANTINE),
        (REFERRER, CITIZEN, Place.QUARANTINE),
        ("scanner@elders.example", CITIZEN, Place.QUARANTINE),
        (REFERRER, DESK, Place.NOISE),
    ],
    ids=["of an authority", "sent by an authority", "of a citizen", "our own mail, returned"],
)
def test_an_attached_mail_says_whether_a_machine_refers_something(
    desk: Desk, sender: str, inner: str, place: Place
) -> None:
    """Who sends it on or who wrote it must refer matters to the desk; our own mail within a receipt is no matter."""
    octets = enclosing(sender, mail(inner, "Nepaccount", FAKE))
    if inner == DESK:
        octets = octets.replace(b"Zie de bijlage.", b"Uw bericht is ontvangen.")
    assert desk.receive(octets).place == place


def test_an_authority_s_machine_mail_in_junk_waits_with_a_notice(desk: Desk) -> None:
    """The junk folder does not silence a proven authority's web form."""
    folder = desk.env.settings.desk.mailbox.junk
    assert folder is not None
    octets = mail(REFERRER, "Webformulier: nepaccount", FAKE, extra=GENERATED)
    ingest(desk.env, RawMessage(octets, desk.clock.now(), folder, "1", "1", Role.JUNK))
    stored = desk.holding(octets)
    assert (stored.place, stored.from_junk, len(told(desk))) == (Place.QUARANTINE, False, 1)


@pytest.mark.parametrize(
    ("sender", "subject", "text", "extra", "auth"),
    [
        (REFERRER, "Automatisch antwoord: uw vraag", AWAY, REPLIED, "pass"),
        (REFERRER, "Afwezig", AWAY, GENERATED, "pass"),
        (REFERRER, "Automatisch antwoord: Ontvangen", QUOTES.format(author="Verkiezingen flagger"), REPLIED, "pass"),
        (REFERRER, "Automatisch antwoord: Ontvangen", QUOTES.format(author=f"Desk <{DESK}>"), GENERATED, "pass"),
        (REFERRER, "Ontvangstbevestiging", "Uw bericht is ontvangen, zaaknummer 12.", GENERATED, "pass"),
        (REFERRER, "Nieuwsbrief juni", "Alle stembureaus zijn open. Afmelden kan hier.", ONE_CLICK, "pass"),
    ],
    ids=[
        "absence",
        "generated absence",
        "quotes us by name",
        "quotes our address",
        "receipt",
        "newsletter",
    ],
)
def test_other_machine_mail_is_noise(
    desk: Desk, sender: str, subject: str, text: str, extra: tuple[str, ...], auth: str
) -> None:
    """An absence, a receipt and a newsletter."""
    stored = desk.receive(mail(sender, subject, text, extra=extra, auth=auth))
    assert stored.place == Place.NOISE
    assert desk.mails() == []


def test_what_an_authority_sends_and_is_noise_is_listed_once_a_day(desk: Desk) -> None:
    """The list names domain, subject and time with the command that shows the mail, and comes in the morning."""
    stored = desk.receive(
        mail(REFERRER, "Nieuwsbrief juni", "Alle stembureaus zijn open. Afmelden kan hier.", extra=ONE_CLICK)
    )
    with desk.env.store.read() as tx:
        due = digest.noise_due(desk.env, tx)  # when a replay goes on
    assert due is not None
    assert f"{due:%d %H:%M}" == "07 08:00"
    desk.clock.set(desk.clock.now() + timedelta(hours=20))
    assert digest.tell_noise(desk.env) == 0
    desk.clock.set(desk.clock.now() + timedelta(hours=2))
    assert digest.tell_noise(desk.env) == 1
    (text,) = told(desk, Kind.DIGEST)
    for expected in ("lindewaard.example", "Nieuwsbrief juni", "10.34", f"flaggermail message show {stored.id}"):
        assert expected in text.replace("10:34", "10.34")
    desk.clock.set(desk.clock.now() + timedelta(hours=24))
    assert digest.tell_noise(desk.env) == 0
    assert digest.send_digest(desk.env) == 0
    desk.assert_whole()


@pytest.mark.parametrize(
    ("sender", "auth"), [(REFERRER, "none"), (CITIZEN, "pass")], ids=["no proof", "no authority"]
)  # fmt: skip
def test_a_stranger_s_mailing_is_listed_behind_those_of_known_senders(desk: Desk, sender: str, auth: str) -> None:
    """A mailing wakes nobody and is not silent; a flood of them hides no known sender's."""
    desk.receive(mail(sender, "Nieuwsbrief juni", "Open dag. Afmelden kan hier.", auth=auth, extra=ONE_CLICK))
    desk.receive(
        mail("redactie@dagblad.example", "Nieuwsbrief van ons", "Open dag. Afmelden kan hier.", extra=ONE_CLICK)
    )
    desk.clock.set(desk.clock.now() + timedelta(hours=24))
    assert digest.tell_noise(desk.env) == 2
    (text,) = told(desk, Kind.DIGEST)
    assert text.index("Nieuwsbrief van ons") < text.index("Nieuwsbrief juni")


@pytest.mark.parametrize("sender", ["redactie@dagblad.example", OFFICER, CITIZEN])
def test_a_person_s_mail_that_a_rule_calls_noise_is_told(desk: Desk, tmp_path: Path, sender: str) -> None:
    """A rule is too wide sooner or later: what somebody wrote by hand is not filed without a word."""
    folder = shutil.copytree(shipped("rules"), tmp_path / "rules", ignore=shutil.ignore_patterns("*.eml"))
    rule = "stage: machine\nrules:\n  - {name: wide, when: {subject: [juni]}, then: {kind: noise}}\n"
    (folder / "05-wide.yaml").write_text(rule)
    desk.with_settings(desk.env.settings.model_copy(update={"rules": load_rules(folder, [])}))
    stored = desk.receive(mail(sender, "Bericht van juni", "Kijkt u even naar dit bericht op X?"))
    assert (stored.place, len(told(desk))) == (Place.QUARANTINE, 1)


def test_noise_that_a_person_took_back_is_listed_nowhere(desk: Desk) -> None:
    """A person has seen it: neither the list of noise nor that of late mail names it."""
    stored = desk.receive(
        mail(REFERRER, "Nieuwsbrief juni", "Alle stembureaus zijn open. Afmelden kan hier.", extra=ONE_CLICK)
    )
    assert stored.pending_digest
    desk.do(PlaceMessage(message=stored.id, back=True))
    desk.clock.set(desk.clock.now() + timedelta(hours=24))
    assert (digest.tell_noise(desk.env), digest.send_digest(desk.env)) == (0, 0)
    assert not desk.message(stored.id).pending_digest
    desk.assert_whole()


SECURE = "f.voorbeeld@lindewaard.example heeft u een beveiligd bericht gestuurd. Lees het: https://kluis.example/1"


def test_a_secure_message_is_told_with_who_it_is_from_and_what_to_do(desk: Desk) -> None:
    """It waits, on top as it names an authority; strangers' notices are limited and held back for a list."""
    stored = desk.receive(mail("noreply@kluis.example", "Nieuw bericht", SECURE, extra=GENERATED))
    (text,) = told(desk)
    for expected in ("f.voorbeeld@lindewaard.example", "noreply@kluis.example", f"--from-message {stored.id}"):
        assert expected in text
    (notice,) = desk.mails(kind=Kind.OFFICER_NOTICE)
    assert b"Subject: DRINGEND" in desk.env.octets.get(notice.digest)
    for number in range(40):
        desk.receive(
            mail("noreply@kluis.example", f"Nieuw bericht {number}", f"Open uw bericht {number}.", extra=GENERATED)
        )
    assert len(told(desk)) <= desk.env.settings.desk.rate_limits.notices_per_sender
    desk.assert_whole()


def test_a_service_s_mail_in_a_case_is_told(desk: Desk) -> None:
    """The referrer of a case sends evidence by a service: it is more on the case, and no absence."""
    referral = desk.receive(mail(REFERRER, "Nepaccount", FAKE))
    octets = mail(REFERRER, "Re: Nepaccount", SECURE, answers=referral.message_id, extra=GENERATED)
    assert (desk.receive(octets).case, len(told(desk))) == (referral.case, 2)
