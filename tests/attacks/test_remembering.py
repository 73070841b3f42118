# SPDX-License-Identifier: EUPL-1.2
"""`nieuw en onthoud`: whose domain becomes known, whose does not, what it then does, and how it is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.commands.referrers import AddReferrer, RemoveReferrer
from flaggermail.errors import NotFound, Refusal
from flaggermail.record.case_values import CaseType, Source
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Case, OutboxMail, RememberedDomain
from tests.attacks.replying import Night, a_desk
from tests.corpus import LANGUAGES
from tests.store.desk_fixtures import DESK, Desk, X, mail

CLERK = "griffie@oudestad.example"
WORDS = {"nl": "nieuw en onthoud", "en": "new and remember"}
SUBJECT, TEXT = "Verkeerde openingstijden", "Op een pagina staan verkeerde openingstijden van ons stembureau."


@pytest.fixture(params=LANGUAGES)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Night:
    """Returns a night at an empty desk that writes in that language."""
    return Night(a_desk(tmp_path, request.param), request.param)


def asked_about(night: Night, sender: str = CLERK, auth: str | None = "pass") -> OutboxMail:
    """A stranger's mail waits in the quarantine; returns the officer's notice of it."""
    night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=15))
    stored = night.desk.receive(mail(sender, SUBJECT, TEXT, auth=auth, at=night.desk.clock.now()))
    assert stored.place == Place.QUARANTINE
    return night.latest(Kind.OFFICER_NOTICE)


def answer(night: Night, sent: OutboxMail, text: str) -> str:
    """The officer replies; returns the answer as one line."""
    (said,) = night.answers(night.reply(sent, text))
    return " ".join(said.split())


def remembered(night: Night) -> list[tuple[str, Source, str]]:
    """Returns the domains in force, their source and who remembered each."""
    rows = night.desk.all(RememberedDomain)
    return [(row.id, row.source, row.added_by) for row in rows if row.removed_at is None]


def confirmed(night: Night) -> list[str]:
    """Returns whom a confirmation of receipt was sent to."""
    found = night.desk.mails(kind=Kind.INTAKE_CONFIRMATION)
    return [one.recipient for one in found]


# ---- what it does


def test_mail_opens_a_case_is_confirmed_and_its_domain_becomes_known(night: Night) -> None:
    """The next verified mail from that domain opens a case by itself, and is confirmed, without an officer."""
    sent = asked_about(night)
    said = answer(night, sent, WORDS[night.language])
    case = night.desk.one(Case)
    assert (case.referrer_address, case.source, case.type) == (CLERK, Source.FELLOW_AUTHORITY, CaseType.CONTENT)
    assert remembered(night) == [("oudestad.example", Source.FELLOW_AUTHORITY, "officer1")]
    assert confirmed(night) == [CLERK]
    assert "oudestad.example" in said
    assert "flaggermail referrer remove oudestad.example" in said
    assert {"nl": "is onthouden", "en": "is remembered"}[night.language] in said
    later = night.desk.clock.now() + timedelta(minutes=15)
    night.desk.clock.set(later)
    stored = night.desk.receive(
        mail("b.devos@pers.oudestad.example", "Ons account is gehackt", "Ons account is gehackt.", at=later)
    )
    assert stored.place == Place.CASE
    assert night.desk.case(str(stored.case)).type == CaseType.CHANNEL
    assert confirmed(night) == [CLERK, "b.devos@pers.oudestad.example"]
    night.desk.assert_whole()


def test_event_says_who_remembered_it_and_for_which_mail(night: Night) -> None:
    """The record names actor, source and mail of each domain that was remembered."""
    sent = asked_about(night)
    night.reply(sent, WORDS[night.language])
    (event,) = [e for e in night.desk.events() if e.kind is EventKind.REFERRER_REMEMBERED]
    assert (event.actor, event.reason, event.message) == ("officer1", "fellow_authority", sent.shows)


@pytest.mark.parametrize(("words", "source"), [
    ("nieuw en onthoud: krant", Source.MEDIA), ("new and remember: fact-checker", Source.FACT_CHECKER),
    ("Nieuw en onthoud: rijk.", Source.GOVERNMENT_BODY),
])  # fmt: skip
def test_source_may_be_named(night: Night, words: str, source: Source) -> None:
    """Behind the words stands whose domain it is; without it, it is a fellow authority's."""
    night.reply(asked_about(night), words)
    assert remembered(night) == [("oudestad.example", source, "officer1")]
    assert night.desk.one(Case).source == source


def test_unknown_source_is_answered_with_the_right_words(night: Night) -> None:
    """Nothing is done, and the answer lists the sources."""
    said = answer(night, asked_about(night), f"{WORDS[night.language]}: kabouters")
    right = {"nl": "media, factchecker, rijk en gemeente", "en": "media, fact-checker, government and municipality"}
    assert right[night.language] in said
    assert (remembered(night), night.desk.cases()) == ([], [])


def test_known_domain_is_not_remembered_again(night: Night) -> None:
    """Where a list has the domain already, the case is opened and the answer says so."""
    night.desk.receive(mail("griffie@lindewaard.example", SUBJECT, TEXT))
    night.desk.clock.set(night.desk.clock.now() + timedelta(hours=3))
    stored = night.desk.receive(
        mail("burgemeester@lindewaard.example", SUBJECT, TEXT, at=night.desk.clock.now(), extra=("Precedence: bulk",))
    )
    night.desk.do(PlaceMessage(message=stored.id, back=True))
    outcome = night.desk.do(PlaceMessage(message=stored.id, new=True, remember=True))
    assert (outcome.did.domain, outcome.did.known, remembered(night)) == (None, True, [])


# ---- undone, and by command


def test_forgotten_domain_is_a_strangers_again(night: Night) -> None:
    """`referrer remove` undoes it: the next mail waits for a person; the case that was opened stays."""
    night.reply(asked_about(night), WORDS[night.language])
    night.desk.do(RemoveReferrer(domain="Oudestad.example"), by="officer2")
    row = night.desk.one(RememberedDomain)
    assert (row.removed_by, row.added_by) == ("officer2", "officer1")
    later = night.desk.clock.now() + timedelta(hours=2)
    night.desk.clock.set(later)
    stored = night.desk.receive(mail(f"a.{CLERK}", "Iets geheel anders", "Waar vinden wij uw formulier?", at=later))
    assert stored.place == Place.QUARANTINE
    assert len(night.desk.cases()) == 1
    night.desk.do(AddReferrer(domain="oudestad.example", source=Source.MEDIA))
    assert remembered(night) == [("oudestad.example", Source.MEDIA, "officer1")]


def test_removing_what_a_list_holds_says_where_it_stands(night: Night) -> None:
    """A domain of a list is taken out in its file, and the refusal says how."""
    with pytest.raises(NotFound, match="on the list fellow_authorities, where a line -amsterdam"):
        night.desk.do(RemoveReferrer(domain="amsterdam.nl"))


def test_command_places_and_remembers(night: Night) -> None:
    """`quarantine place ID --new --remember` does the same."""
    sent = asked_about(night)
    outcome = night.desk.do(PlaceMessage(message=str(sent.shows), new=True, remember=True, source=Source.MEDIA))
    assert outcome.text.english.endswith("; oudestad.example is remembered")
    assert remembered(night) == [("oudestad.example", Source.MEDIA, "officer1")]


# ---- who is not remembered


def with_lists(night: Night, **changed: frozenset[str]) -> Desk:
    """Returns the desk with other domain lists."""
    settings = night.desk.env.settings
    rules = replace(settings.rules, lists={**settings.rules.lists, **changed})
    return night.desk.with_settings(settings.model_copy(update={"rules": rules}))


@pytest.mark.parametrize(("sender", "why"), [
    ("griffie@gmail.com", "mailboxes to the public"),
    ("griffie@mail.ziggo.nl", "mailboxes to the public"),
    ("kiezer@mailprovider.example", "mailboxes to the public"),
    ("griffie@co.uk", "nobody registered it"),
    ("colleague@bzk.example", "is our own"),
    ("colleague@werk.bzk.example", "is our own"),
    (DESK, "is our own"),
])  # fmt: skip
def test_domain_of_everybody_or_ourselves_is_refused(night: Night, sender: str, why: str) -> None:
    """Free mail, a public suffix and our own domain are refused, and no case is opened."""
    desk = with_lists(night, government=frozenset())
    stored = desk.receive(mail(sender, SUBJECT, TEXT))
    with pytest.raises(Refusal, match=why):
        desk.do(PlaceMessage(message=stored.id, new=True, remember=True))
    assert (remembered(night), night.desk.cases()) == ([], [])


@pytest.mark.parametrize("sender", [X, "user@news.x-platform.example"])
def test_platform_is_refused(night: Night, sender: str) -> None:
    """A platform refers nothing, from whatever address it writes."""
    stored = night.desk.receive(mail(sender, SUBJECT, TEXT))
    with pytest.raises(Refusal, match="a platform refers nothing"):
        night.desk.do(PlaceMessage(message=stored.id, new=True, remember=True))
    assert remembered(night) == []


@pytest.mark.parametrize("auth", [None, "none", "fail"])
def test_forged_sender_is_refused_and_told(night: Night, auth: str | None) -> None:
    """A mail that our server did not verify teaches nothing, whoever replies to its notice."""
    stored = night.desk.receive(mail(CLERK, SUBJECT, TEXT, auth=auth))
    sent = night.latest(Kind.OFFICER_NOTICE)
    said = answer(night, sent, WORDS[night.language])
    refused = {"nl": "heeft de afzender niet geverifieerd", "en": "did not verify its sender"}
    assert refused[night.language] in said
    assert (remembered(night), night.desk.cases()) == ([], [])
    night.desk.do(ConfirmMessage(message=stored.id))
    with pytest.raises(Refusal, match="did not verify its sender"):  # one mail is vouched for, not every later one
        night.desk.do(PlaceMessage(message=stored.id, new=True, remember=True))


def test_forged_mail_of_a_remembered_domain_waits(night: Night) -> None:
    """A remembered domain gives no rights without the mail's verification."""
    night.reply(asked_about(night), WORDS[night.language])
    for auth in (None, "none", "fail"):
        night.desk.clock.set(night.desk.clock.now() + timedelta(hours=2))
        stored = night.desk.receive(
            mail("x" + CLERK, f"Nog iets {auth}", f"Anders dan {auth}.", auth=auth, at=night.desk.clock.now())
        )
        assert stored.place == Place.QUARANTINE
    assert confirmed(night) == [CLERK]


@pytest.mark.parametrize(("outer", "inner", "refers"), [
    (CLERK, "iemand@elders.example", False), ("scanner@elders.example", CLERK, True),
])  # fmt: skip
def test_what_a_machine_passes_on_is_its_own_authors(night: Night, outer: str, inner: str, *, refers: bool) -> None:
    """A remembered domain lends nothing to a stranger's mail within its unproven mail; its own is found there."""
    night.desk.do(AddReferrer(domain="oudestad.example"))
    text = "--cut\nContent-Type: text/plain\n\nZie de bijlage.\n--cut\nContent-Type: message/rfc822\n\n{}\n--cut--"
    body = text.format(mail(inner, "Vraag", "Hoe laat gaat u open?").decode()).replace("\r\n", "\n")
    extra = ("Auto-Submitted: auto-generated", "Content-Type: multipart/mixed; boundary=cut")
    stored = night.desk.receive(mail(outer, "Nieuw bericht", body, auth="none", extra=extra))
    assert stored.place is Place.QUARANTINE
    assert (stored.reason.english == "machine mail that carries a referral") is refers


def test_colleague_who_may_not_act_teaches_nothing(night: Night) -> None:
    """A member of the shared mailbox who is no officer, and one in whose name nothing is proven, do nothing."""
    sent = asked_about(night)
    for by in ("Member <member@bzk.example>", "B. de Vries <b.devries@bzk.example>"):
        night.reply(sent, WORDS[night.language], by=by)
    forged = night.octets(sent, WORDS[night.language]).replace(b"dmarc=pass", b"dmarc=fail")
    night.desk.receive(forged)
    assert remembered(night) == []
    assert night.desk.message(str(sent.shows)).place == Place.QUARANTINE


def test_member_who_forges_an_officer_is_told_on(night: Night) -> None:
    """What is done in an officer's name is told to that officer, with the command that undoes it."""
    sent = asked_about(night, "boef@kwaad.example")
    said = answer(night, sent, WORDS[night.language])
    assert "flaggermail referrer remove kwaad.example" in said
    assert {"nl": "Schreef u die niet", "en": "If you did not write it"}[night.language] in said


@pytest.mark.parametrize("domain", [
    "", "nl", "gmail.com", "x-platform.example", "example", "@", "oude stad.example", "bzk.example", "a" * 300,
    "amsterdam.nl",
])  # fmt: skip
def test_command_refuses_what_a_reply_refuses(night: Night, domain: str) -> None:
    """`referrer add` takes a registered domain that nobody else has, and nothing else."""
    with pytest.raises(Refusal):
        night.desk.do(AddReferrer(domain=domain))
    assert remembered(night) == []


def test_domain_that_becomes_free_mail_counts_no_longer(night: Night) -> None:
    """Free mail is free mail, whatever an officer remembered before the list named it."""
    night.desk.do(AddReferrer(domain="oudestad.example"))
    free_mail = night.desk.env.settings.rules.lists["free_mail"] | {"oudestad.example"}
    assert with_lists(night, free_mail=free_mail).receive(mail(CLERK, SUBJECT, TEXT)).place == Place.QUARANTINE
