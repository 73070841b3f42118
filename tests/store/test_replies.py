# SPDX-License-Identifier: EUPL-1.2
"""Officers' replies as real mails through the whole of ingest: each valid reply acts once, every other one never."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import OverrideRota
from flaggermail.notices.duty import officer_on_call
from flaggermail.notices.notices import Notice, tell
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import ContactNote, OutboxMail, Reminder, StoredMessage, Token
from flaggermail.record.states import SUPPRESSED, ClockKind
from flaggermail.reminders import handover, sending
from flaggermail.services import EventRef, UnitOfWork
from tests.corpus import one_in
from tests.store.desk_fixtures import HEAD, OFFICER, Desk, NewDesk, mail

ANNA, BOB = "A. Jansen <a.jansen@bzk.example>", "b.devries@bzk.example"
FOLDER = Path(__file__).parents[1] / "replies"
ACTS = {
    "neem": EventKind.CASE_ASSIGNED, "vraag": EventKind.INFORMATION_REQUESTED, "wijs af": EventKind.CASE_DECIDED,
    "akkoord": EventKind.NOTIFICATION_APPROVED, "nee": EventKind.NOTIFICATION_REJECTED,
    "ok": EventKind.REMINDER_ACKNOWLEDGED, "gebeld": EventKind.CONTACT_NOTED,
    "over aan": EventKind.REMINDER_HANDED_OVER, "echt": EventKind.MESSAGE_CONFIRMED,
    "vals": EventKind.MESSAGE_REFUSED, "bij": EventKind.MESSAGE_PLACED, "nieuw": EventKind.CASE_OPENED,
    "ruis": EventKind.MESSAGE_PLACED,
}  # fmt: skip
ENGLISH = {
    "neem": "take", "vraag": "ask", "wijs af": "decline", "akkoord": "approve", "nee": "no", "ok": "ok",
    "gebeld": "called", "over aan": "to", "echt": "genuine", "vals": "forged", "bij": "with", "nieuw": "new",
    "ruis": "noise",
}  # fmt: skip
BEHIND = {
    "vraag": ": op welk platform stond het?", "wijs af": ": dit gaat niet over het verloop",
    "nee": ": de toon klopt niet", "gebeld": " 10:20 ze hebben het in behandeling", "over aan": " C. Bakker",
}  # fmt: skip
OTHERS = {
    "neem": "vraag: waar?", "akkoord": "nee: toch niet", "ok": "over aan C. Bakker", "echt": "vals", "vals": "echt",
    "bij": "ruis", "nieuw": "ruis", "ruis": "nieuw",
}  # fmt: skip
serial = count(1)


@dataclass(frozen=True)
class Client:
    """The shape of a reply in one mail program."""

    client: str
    language: str
    html: bool
    subject: str
    text: str


@dataclass(frozen=True)
class Hostile:
    """A reply that must not act, and how it differs from an officer's usual reply."""

    what: str
    answered: bool
    text: str
    whole: bool = False
    by: str = ANNA
    auth: str = "pass"
    subject: str = "Re: "
    headers: list[str] = field(default_factory=list)
    type: str | None = None
    token: str | None = None
    verbs: list[str] = field(default_factory=list)


def read(name: str) -> object:
    """Returns a table of `tests/replies`."""
    return YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text("utf-8"))


CLIENTS = TypeAdapter(list[Client]).validate_python(read("clients"))
HOSTILE = TypeAdapter(list[Hostile]).validate_python(read("hostile"))


# ---- the mails that are replied to


def invite(desk: Desk, verb: str) -> OutboxMail:
    """Creates, some minutes later, a mail that this verb can answer; returns the officer's copy."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=3))  # mails of the same minute are combined
    if verb in {"neem", "vraag", "wijs af"}:
        number = str(_referral(desk).case)
        return latest(desk, where(OutboxMail.case).is_(number), where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))
    if verb in {"akkoord", "nee"}:
        desk.do(Draft(case=desk.decided(), channel="x-urgent"))
        return latest(desk, where(OutboxMail.kind).is_(Kind.APPROVAL_REQUEST))
    if verb in {"ok", "gebeld", "over aan"}:
        return _reminder(desk)
    if verb in {"echt", "vals"}:
        key = desk.notified()
        desk.receive(mail(answers=desk.message_id_of(key), auth="none", at=desk.clock.now(), text=f"{next(serial)}"))
    else:
        desk.receive(mail("who@elsewhere.example", f"Vraag {next(serial)}", "Wat is dit?", at=desk.clock.now()))
    return latest(desk, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))


def _referral(desk: Desk) -> StoredMessage:
    word = hashlib.sha256(str(next(serial)).encode()).hexdigest()[:12]
    return desk.receive(mail(f"{word}@lindewaard.example", f"Bericht {word}", f"Er is iets met {word}."))


def _reminder(desk: Desk) -> OutboxMail:
    key = desk.notified()
    case, now = desk.notification(key).case, desk.clock.now()
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, now)
        told = Reminder(
            id=f"{key}/receipt/60/officer1", kind=Kind.REMINDER, case=case, notification=key,
            clock=ClockKind.RECEIPT, step=60,
            officer="officer1", due_at=now, told_at=now, token=desk.env.randomness.token(),
        )  # fmt: skip
        work.record(EventKind.REMINDER_SENT, added(told))
        notice = Notice(
            Kind.REMINDER, "reminder_handed_over", f"reminder/{told.id}", EventRef(case, key), topic=Topic.REMINDER,
            reminder=told.id, token=told.token,
        )  # fmt: skip
        officer = desk.env.settings.rota.officer("officer1")
        assert officer is not None
        tell(work, officer, notice, {"by": "B. de Vries", "matters": []})
    return latest(desk, where(OutboxMail.kind).is_(Kind.REMINDER))


def latest(desk: Desk, *conditions: FieldCondition) -> OutboxMail:
    """Returns the last mail to the officer with those values."""
    return max((m for m in desk.all(OutboxMail, *conditions) if m.recipient == OFFICER), key=lambda m: m.id)


def said(desk: Desk, verb: str, sent: OutboxMail, language: str = "nl") -> str:
    """Returns the complete text that the officer has to write."""
    behind = BEHIND.get(verb, "")
    if verb == "akkoord":
        text = desk.env.parser.parse(desk.env.octets.get(sent.digest)).text
        behind = " " + text.partition("  akkoord ")[2].split()[0]
    if verb == "bij":
        behind = f" {_referral(desk).case}"
    return f"{ENGLISH[verb] if language == 'en' else verb}{behind}"


# ---- the replies


def shaped(client: Client, desk: Desk, sent: OutboxMail, own: str) -> tuple[str, str]:
    """Returns text and content type of a reply in that program."""
    ours = desk.env.parser.parse(desk.env.octets.get(sent.digest))
    quote = "\n".join(f"> {line}".rstrip() for line in ours.text.splitlines())
    values = {"reply": own, "quote": quote, "bare": ours.text, "subject": sent.subject}
    if client.html:
        values = {name: html.escape(value).replace("\n", "<br>\n") for name, value in values.items()}
    text = client.text
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text, f"text/{'html' if client.html else 'plain'}; charset=utf-8"


def reply(  # noqa: PLR0913 - what one reply can differ in from another; most calls name none
    desk: Desk, sent: OutboxMail, text: str, content_type: str, *, by: str = ANNA, auth: str = "pass",
    subject: str = "Re: ", headers: Sequence[str] = (), answers: str | None = None, to: str | None = None,
) -> StoredMessage:  # fmt: skip
    """Ingests a reply as real octets."""
    ours = desk.env.parser.parse(desk.env.octets.get(sent.digest))
    answers = sent.message_id if answers is None else answers
    domain = by.rpartition("@")[2].rstrip(">")
    extra = [f"Content-Type: {content_type}", "MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit", *headers]
    octets = mail(
        by, f"{subject}{ours.subject}", text, to=to or ours.reply_to[0].address, auth=auth, at=desk.clock.now(),
        answers=answers or None, extra=extra, message_id=f"reply-{next(serial)}@{domain}",
    )  # fmt: skip
    octets = octets.replace(f"header.from={by.rpartition('@')[2]}".encode(), f"header.from={domain}".encode())
    return desk.receive(octets)


def acted(desk: Desk, since: int) -> list[EventKind]:
    """Returns the acts among the events since then."""
    return [
        event.kind for event in desk.events()[since:] if event.kind in set(ACTS.values()) | {EventKind.CASE_ASSESSED}
    ]


def answers_to(desk: Desk, stored: StoredMessage) -> list[OutboxMail]:
    """Returns the mails that answer that reply."""
    return [
        mail
        for mail in desk.mails(kind=Kind.REPLY_ANSWER)
        if stored.message_id in desk.env.parser.parse(desk.env.octets.get(mail.digest)).in_reply_to
    ]


def left_out(desk: Desk) -> int:
    """Returns how many answers were suppressed because an identical reply had been answered."""
    with desk.env.store.read() as tx:
        return tx.reached(SUPPRESSED)


@pytest.mark.parametrize("at", one_in(4, range(len(CLIENTS))), ids=[f"{c.client} {c.language}" for c in CLIENTS])
def test_a_reply_in_any_program_is_the_one_act(desk: Desk, at: int) -> None:
    """Five verbs per program and language, 120 replies in all: each acts once and is answered once, at once."""
    client = CLIENTS[at]
    for verb in [list(ACTS)[(at * 5 + step) % len(ACTS)] for step in range(5)]:
        sent = invite(desk, verb)
        own = said(desk, verb, sent, client.language)
        before = len(desk.events())
        stored = reply(desk, sent, *shaped(client, desk, sent, own), subject=client.subject)
        done = [kind for kind in acted(desk, before) if kind is ACTS[verb]]
        desk.settle()  # an approval is answered when its mail was accepted
        assert len(done) == 1, (verb, desk.env.parser.parse(desk.env.octets.get(stored.digest)).reply_text)
        assert set(acted(desk, before)) - {EventKind.MESSAGE_PLACED} <= {ACTS[verb]}
        (answer,) = answers_to(desk, stored)
        assert answer.recipient == OFFICER
        assert EventKind.REPLY_NOT_UNDERSTOOD not in {event.kind for event in desk.events()[before:]}
    desk.assert_whole()


@pytest.mark.parametrize("client", one_in(4, CLIENTS), ids=[f"{c.client} {c.language}" for c in CLIENTS])
def test_a_form_filled_in_above_or_within_the_quotation(desk: Desk, client: Client) -> None:
    """In both places the form gives one assessment, one decision and one draft, and the approvers are asked."""
    lines = {"onjuist": "ja", "regel": "Een naam op het biljet maakt het ongeldig", "criterium": "1", "pogingen": "3",
        "titel": "Request to check a post", "besluit": "meld Meta"}  # fmt: skip
    for within in (False, True):
        sent = invite(desk, "neem")
        reply(desk, sent, "neem", "text/plain; charset=utf-8")
        form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
        own = "Hieronder ingevuld." if within else "\n".join(f"{word}: {value}" for word, value in lines.items())
        text, content_type = shaped(client, desk, form, own)
        for word, value in lines.items() if within else ():
            text = "\n".join(
                part.replace(f"{word}:", f"{word}: {value}", 1)
                if f"{word}:" in part and f"{word}, " not in part
                else part
                for part in text.split("\n")
            )
        before = len(desk.events())
        reply(desk, form, text, content_type, subject=client.subject)
        assert acted(desk, before) == [EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED], (within, text[:900])
        assert desk.case(str(form.case)).criteria == (1,)
        drafts = desk.notifications(case=form.case)
        assert [(d.channel, d.state) for d in drafts] == [("meta-elections", "draft")]
        assert len(desk.mails(kind=Kind.APPROVAL_REQUEST, notification=drafts[0].id)) == 4


@pytest.mark.parametrize("hostile", one_in(4, HOSTILE), ids=[h.what for h in HOSTILE])
def test_what_must_not_act_does_not(desk: Desk, hostile: Hostile) -> None:
    """Eight verbs per kind of fault, 248 replies in all: none acts; a reply verified as an officer's is answered."""
    for number, verb in enumerate(hostile.verbs or OTHERS):
        sent = invite(desk, verb)
        client = CLIENTS[(number * 7 + len(hostile.what)) % len(CLIENTS)]
        asked = said(desk, verb, sent, "nl")
        own = hostile.text.replace("{verb}", asked).replace("{other}", OTHERS[verb])
        text, content_type = (own, hostile.type or "text/plain; charset=utf-8")
        if not hostile.whole:
            text, content_type = shaped(client, desk, sent, own)
        answers, to = _token(desk, hostile.token, sent, verb, asked)
        before, spared = len(desk.events()), left_out(desk)
        stored = reply(
            desk, sent, text, content_type, by=hostile.by, auth=hostile.auth, subject=hostile.subject,
            headers=hostile.headers, answers=answers, to=to,
        )  # fmt: skip
        done = [kind for kind in acted(desk, before) if kind is not EventKind.CASE_OPENED or verb == "nieuw"]
        assert done == [], (verb, client.client, desk.env.parser.parse(desk.env.octets.get(stored.digest)).reply_text)
        answered = bool(answers_to(desk, stored)) or (number > 0 and left_out(desk) > spared)
        assert answered == hostile.answered, (verb, client.client)


def _token(desk: Desk, what: str | None, sent: OutboxMail, verb: str, asked: str) -> tuple[str | None, str | None]:
    """Returns what the reply answers and its recipient address; None for the usual value."""
    token = next(t for t in desk.all(Token) if t.token in sent.message_id)
    if what == "expired":
        with desk.env.store.begin() as tx:
            old = replace(token, expires_at=desk.clock.now() - timedelta(minutes=1))
            UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.TOKEN_ISSUED, changed(token, old))
    elif what == "used":
        reply(desk, sent, asked, "text/plain; charset=utf-8")
    elif what == "two":
        other = invite(desk, verb)
        return None, desk.env.parser.parse(desk.env.octets.get(other.digest)).reply_to[0].address
    elif what in {"none", "unknown"}:
        desk_address = desk.env.settings.desk.mailbox.address
        return ("" if what == "none" else f"vf.{'f' * 32}.1@bzk.example"), desk_address
    return None, None


def test_an_unverified_officer_is_told_nothing_and_an_event_says_so(desk: Desk) -> None:
    """A sender who merely uses an officer's address gets no answer."""
    sent = invite(desk, "neem")
    stored = reply(desk, sent, "neem", "text/plain; charset=utf-8", auth="none")
    (ignored,) = (event for event in desk.events() if event.kind is EventKind.REPLY_IGNORED)
    assert ignored.reason == "unverified"
    assert answers_to(desk, stored) == []


def test_the_request_shows_the_octets_and_its_code_is_one_persons_for_two_hours(new_desk: NewDesk) -> None:
    """Each approver has their own code, the author none with two persons; after it expires a new request comes."""
    desk = new_desk(persons=2)
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "officer2").key
    asked = {m.recipient: m for m in desk.mails(kind=Kind.APPROVAL_REQUEST)}
    assert set(asked) == {OFFICER, "c.bakker@bzk.example", "signer@bzk.example"}
    draft = desk.env.parser.parse(desk.env.octets.get(desk.notification(key).digest)).text
    shown = desk.env.parser.parse(desk.env.octets.get(asked[OFFICER].digest)).text
    below = shown.partition("\n\n")[2].splitlines()  # the title of the case stands above
    assert "\n".join(line[2:] for line in below if line.startswith("|")) == draft.strip()
    codes = {said(desk, "akkoord", sent) for sent in asked.values()}
    assert len(codes) == 3
    desk.clock.set(desk.clock.now() + timedelta(hours=2))
    words = said(desk, "akkoord", asked[OFFICER])
    reply(desk, asked[OFFICER], words, "text/plain; charset=utf-8")
    assert desk.notification(key).approved_by == ()
    again = latest(desk, where(OutboxMail.kind).is_(Kind.APPROVAL_REQUEST))
    assert said(desk, "akkoord", again) != words
    reply(desk, again, said(desk, "akkoord", again), "text/plain; charset=utf-8")
    assert desk.notification(key).approved_by == ("officer1",)
    news = [m.recipient for m in desk.mails() if m.dedupe.startswith(f"approval/{key}/draft/officer1/")]
    assert set(news) == {OFFICER, "b.devries@bzk.example", "c.bakker@bzk.example", "signer@bzk.example"}


def test_a_form_that_lacks_a_line_changes_nothing_and_comes_back(desk: Desk) -> None:
    """The answer names the missing line and keeps what was filled in; sending that line alone completes the form."""
    sent = invite(desk, "neem")
    reply(desk, sent, "neem", "text/plain; charset=utf-8")
    form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    before = len(desk.events())
    filled = "onjuist: ja\nregel: artikel N 7\npogingen: 2\ntitel: Request to check\nbesluit: meld Meta"
    reply(desk, form, filled, "text/plain; charset=utf-8")
    assert acted(desk, before) == []
    back = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    text = desk.env.parser.parse(desk.env.octets.get(back.digest)).text
    assert "criterium." in text
    assert "regel: artikel N 7" in text
    quote = "\n".join(f"> {line}" for line in text.splitlines())
    reply(desk, back, f"criterium: 1\n\n{quote}", "text/plain; charset=utf-8")
    assert acted(desk, before) == [EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED]


def test_a_form_whose_draft_is_refused_leaves_no_trace(desk: Desk) -> None:
    """Assessment, decision and draft are one transaction: a text that speaks of removal undoes all three."""
    sent = invite(desk, "neem")
    reply(desk, sent, "neem", "text/plain; charset=utf-8")
    form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    text = "onjuist: ja\nregel: artikel N 7\ncriterium: 1\npogingen: 2\ntekst: Please remove it.\nbesluit: meld Meta"
    before = len(desk.events())
    reply(desk, form, text, "text/plain; charset=utf-8")
    assert (acted(desk, before), desk.case(str(form.case)).decision) == ([], None)
    desk.assert_whole()


def test_who_is_handed_a_reminder_can_answer_it(desk: Desk) -> None:
    """The recipient of a hand-over gets a mail with a token of their own; the first token is used up."""
    sent = invite(desk, "over aan")
    reply(desk, sent, "over aan Bakker", "text/plain; charset=utf-8")
    (told,) = [m for m in desk.mails() if m.dedupe.startswith("handed over/")]
    assert told.recipient == "c.bakker@bzk.example"
    reply(desk, told, "ok", "text/plain; charset=utf-8", by="C. Bakker <c.bakker@bzk.example>")
    assert desk.one(Reminder).acknowledged_by == "head1"


def test_two_platforms_that_were_called_in_one_minute_are_two_notes(desk: Desk) -> None:
    """The reply about the second platform is no repetition of the first; the same reply again is one."""
    first = desk.notified("x-urgent")
    wait(desk, 5)
    uses = [first, desk.notified("meta-elections", case=desk.notification(first).case)]
    for minutes in (56, 5):
        wait(desk, minutes)
        sending.tick(desk.env)
    words = f"gebeld {desk.clock.now().astimezone(desk.env.settings.zone):%H:%M} ze hebben het"
    sent = [
        latest(desk, where(OutboxMail.notification).is_(use), where(OutboxMail.kind).is_(Kind.REMINDER)) for use in uses
    ]
    for one in (*sent, sent[1]):
        reply(desk, one, words, "text/plain; charset=utf-8")
    assert sorted(note.notification or "" for note in desk.all(ContactNote)) == sorted(uses)


def test_whoever_comes_on_call_can_swap_what_is_left_of_the_shift(desk: Desk) -> None:
    """The officer who comes on call swaps the rest of the shift by answering the hand-over mail."""
    now = desk.clock.now()
    desk.do(OverrideRota(officer="officer2", begins_at=now, ends_at=now + timedelta(hours=8)), "head1")
    assert handover.tick(desk.env)
    (told,) = desk.mails(recipient=BOB)
    desk.clock.set(now + timedelta(minutes=5))
    reply(desk, told, "Ruil met Bakker\n\nB. de Vries", "text/plain; charset=utf-8", by=f"B. de Vries <{BOB}>")
    assert (on_call(desk), on_call(desk, now + timedelta(hours=9))) == ("head1", "officer1")
    assert "C. Bakker heeft nu dienst" in body(desk, desk.mails(recipient=BOB)[-1])
    assert handover.tick(desk.env)
    assert [m.recipient for m in desk.mails() if m.dedupe.startswith("handover/")] == [BOB, HEAD]


def test_a_shift_that_is_anothers_by_now_is_not_swapped(desk: Desk) -> None:
    """A swap reply that arrives when another officer is already on call changes nothing."""
    now = desk.clock.now()
    desk.do(OverrideRota(officer="officer2", begins_at=now, ends_at=now + timedelta(hours=8)), "head1")
    assert handover.tick(desk.env)
    (told,) = desk.mails(recipient=BOB)
    desk.do(OverrideRota(officer="head1", begins_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=8)))
    desk.clock.set(now + timedelta(hours=2))
    reply(desk, told, "ruil met Jansen", "text/plain; charset=utf-8", by=f"B. de Vries <{BOB}>")
    assert on_call(desk) == "head1"
    assert "Er is niets gedaan" in body(desk, desk.mails(recipient=BOB)[-1])


def wait(desk: Desk, minutes: int) -> None:
    """Advances the clock."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=minutes))


def on_call(desk: Desk, at: datetime | None = None) -> str:
    """Returns the officer on call, with overrides of the schedule."""
    with desk.env.store.read() as tx:
        found = officer_on_call(UnitOfWork(desk.env, tx, at or desk.clock.now()))
    assert found is not None
    return found.id


def body(desk: Desk, mail: OutboxMail) -> str:
    """Returns the text as its reader sees it."""
    return desk.env.parser.parse(desk.env.octets.get(mail.digest)).text


def test_where_plus_addresses_do_not_work_the_subject_carries_the_token(desk: Desk) -> None:
    """A reply that names neither the answered mail nor its address is recognised by the token in its subject."""
    mailbox = desk.env.settings.desk.mailbox.model_copy(update={"plus_addresses": False})
    settings = desk.env.settings.model_copy(
        update={"desk": desk.env.settings.desk.model_copy(update={"mailbox": mailbox})}
    )
    desk.env = replace(desk.env, settings=settings)
    sent = invite(desk, "neem")
    before = len(desk.events())
    reply(desk, sent, "neem", "text/plain; charset=utf-8", answers="", to=mailbox.address)
    assert acted(desk, before) == [EventKind.CASE_ASSIGNED]
