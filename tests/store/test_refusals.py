# SPDX-License-Identifier: EUPL-1.2
"""A refusal of one recipient, or of one text, stops nobody else; what it should have told reaches somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from itertools import pairwise

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.outbox import CancelMail, RetryMail
from flaggermail.health import status_gathering
from flaggermail.letters import standing
from flaggermail.letters.outgoing import Outgoing
from flaggermail.letters.writing import queue
from flaggermail.mail.message import Address
from flaggermail.outbox import delivery
from flaggermail.ports import Accepted, Refused, Submission, Submitter, Unknown
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.rows import Attempt, OutboxMail, Token
from flaggermail.record.states import AttemptResult, MailState, ServerState
from flaggermail.services import UnitOfWork
from flaggermail.wording.servers import AttemptText
from tests.corpus import long
from tests.store.desk_fixtures import CITIZEN, HEAD, OFFICER, REFERRER, X_CHANNEL, Desk, mail

SECOND = timedelta(seconds=1)
LOADED = "cashback"
RCPT, DATA, DOT = SmtpStage.RECIPIENT, SmtpStage.MESSAGE, SmtpStage.MESSAGE


@dataclass
class Rule:
    """Which mail the server refuses, with which reply."""

    fits: Callable[[str, str], bool]  # recipient and the whole text, in lower case
    code: int
    text: str
    stage: SmtpStage = RCPT
    until: datetime | None = None


def to(*recipients: str) -> Callable[[str, str], bool]:
    """Fits mail to these addresses."""
    return lambda recipient, _text: recipient in recipients


def within(domain: str) -> Callable[[str, str], bool]:
    """Fits mail to one domain."""
    return lambda recipient, _text: recipient.endswith(f"@{domain}")


def bearing(word: str) -> Callable[[str, str], bool]:
    """Fits mail with a word in its subject or text."""
    return lambda _recipient, text: word in text


def everything(_recipient: str, _text: str) -> bool:
    """Fits all mail."""
    return True


@dataclass
class Server(Submitter):
    """A submission server with rules, on which each submission takes a second: no two answers share an instant."""

    desk: Desk
    rules: Sequence[Rule] = ()
    taken: list[tuple[datetime, str, bytes]] = field(default_factory=list)
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient."""
        del sender, witness
        self.desk.clock.set(self.desk.clock.now() + SECOND)
        return [self._answer(octets, recipient) for recipient in recipients]

    def _answer(self, octets: bytes, recipient: str) -> Submission:
        now = self.desk.clock.now()
        self.asked.append((now, recipient))
        rules = [rule for rule in self.rules if rule.until is None or now < rule.until]
        found = next((rule for rule in rules if rule.fits(recipient, text_of(octets).lower())), None)
        if found is None:
            self.taken.append((now, recipient, octets))
            return Accepted(recipient, now, AttemptText.SAYS(words="250 accepted"))
        if found.code < 0:
            return Unknown(recipient, AttemptText.ENDED())
        permanent = found.code // 100 == 5
        return Refused(recipient, permanent, found.code, AttemptText.SAYS(words=found.text), found.stage)

    def to(self, recipient: str) -> list[bytes]:
        """Returns what was taken for that address."""
        return [octets for _, address, octets in self.taken if address == recipient]


def text_of(octets: bytes) -> str:
    """Returns subject and decoded text of a mail of ours."""
    read = message_from_bytes(octets, policy=policy.default)
    body = read.get_body(("plain",))
    return f"{read['Subject']}\n{body.get_content() if body is not None else ''}"


@pytest.fixture
def server(desk: Desk) -> Server:
    """Puts a server with rules behind the desk."""
    made = Server(desk)
    desk.env = replace(desk.env, submitter=made)
    return made


def drafted_and_approved(desk: Desk) -> str:
    """Returns a notification that a person has approved now; the mails that report it wait with it."""
    key = desk.drafted()
    desk.do(Approve(draft=key))
    return key


def states(desk: Desk, recipient: str) -> set[str]:
    """Returns the states of all mail to an address."""
    return {row.state for row in desk.mails(recipient=recipient)}


def alarms(desk: Desk) -> list[str]:
    """Returns the kinds of the alarms, in the order in which they were raised."""
    return [alarm.kind for alarm in sorted(desk.alarms(), key=lambda row: (row.raised_at, row.id))]


def how_it_stands(desk: Desk) -> ServerState:
    """Returns how the submission server stands towards the desk."""
    with desk.env.store.read() as tx:
        return standing.look(tx).standing


def until_sent(desk: Desk, key: str, most: int = 60) -> int:
    """Lets minutes pass until a notification was sent; returns their number."""
    for minute in range(most):
        desk.settle()
        if desk.notification(key).state == "sent":
            return minute
        desk.go_on(1)
    raise AssertionError(f"not sent within {most} minutes")


# ---- strangers


def test_citizens_whose_mailboxes_refuse_stop_nobody(desk: Desk, server: Server) -> None:
    """Two declines are refused with 554 5.7.1; an approved notification leaves at once, also after hours of that."""
    others = [f"kiezer{n}@other{n}.example" for n in range(3)]
    server.rules = [Rule(to(CITIZEN, *others), 554, "5.7.1 message refused")]
    for citizen in (CITIZEN, *others):
        desk.receive(mail(citizen, "Klacht", "Is dit echt?"))
        with desk.env.store.begin() as tx:
            queue_letter(UnitOfWork(desk.env, tx, desk.clock.now()), citizen)
    for _ in range(12):
        desk.go_on(15)
    key = drafted_and_approved(desk)
    assert until_sent(desk, key) == 0
    assert "outbox denied" not in alarms(desk)


def queue_letter(work: UnitOfWork, recipient: str, kind: Kind = Kind.DECLINE) -> None:
    """Queues a decline."""
    queue(work, Outgoing(
        kind=kind, template="decline", language="nl", to=(Address(recipient),), values={"report_urls": []},
        dedupe=f"decline/{recipient}", token=work.env.randomness.token(),
    ))  # fmt: skip


@pytest.mark.parametrize("reply", [(550, "5.7.1 message content rejected"), (554, "5.7.0 no"), (554, "rejected")])
def test_a_word_that_the_outgoing_filter_refuses_stops_nobody(
    desk: Desk, server: Server, reply: tuple[int, str]
) -> None:
    """Referrals whose subject may not leave: their officer reads of them without the word, all else leaves."""
    server.rules = [Rule(bearing(LOADED), *reply, DOT)]
    desk.receive(mail(REFERRER, f"{LOADED} op stembiljet", f"Er is iets met {LOADED}.", message_id="one@x.example"))
    desk.receive(mail(REFERRER, f"{LOADED} weer", f"Nog iets met {LOADED}.", message_id="two@x.example"))
    desk.settle()
    key = drafted_and_approved(desk)
    assert until_sent(desk, key) == 0
    desk.go_on(2)
    told = [text_of(octets) for octets in server.to(OFFICER)]
    assert any("VF-EP2024-0001" in text and "geweigerd" in text for text in told), told
    assert how_it_stands(desk) is ServerState.TAKES
    desk.go_on(5)
    assert MailState.QUEUED not in {row.state for row in desk.mails()}


@pytest.mark.parametrize("words", ["gratis", ""])
def test_a_confirmation_refused_for_a_word_is_sent_once_more_without_it(desk: Desk, server: Server, words: str) -> None:
    """The referrer has the number all the same; if that is refused too, an alarm says so, and nothing goes round."""
    server.rules = [Rule(bearing("gratis" if words else "uw bericht is binnen"), 554, "5.7.1 content", DOT)]
    desk.receive(mail(REFERRER, "Gratis stempassen", "Er is iets."))
    for _ in range(6):
        desk.go_on(40)
    confirmations = desk.mails(kind=Kind.INTAKE_CONFIRMATION)
    assert [row.state for row in confirmations] == ["refused", "accepted" if words else "refused"]
    assert confirmations[1].instead_of == confirmations[0].id
    read = [text_of(octets) for octets in server.to(REFERRER)]
    assert [("gratis" in text.lower(), "VF-" in text) for text in read] == ([(False, True)] if words else [])
    assert alarms(desk).count("refused") == (0 if words else 1)


def test_the_mail_without_the_words_can_be_answered(desk: Desk, server: Server) -> None:
    """It bears a token for the same matter, names number and way to read it, and is not sent a third time."""
    server.rules = [Rule(bearing(LOADED), 550, "5.7.1 message content rejected", DOT)]
    stored = desk.receive(mail(REFERRER, f"{LOADED} op stembiljet", "Er is iets."))
    desk.settle()
    desk.go_on(2)
    refused = desk.one(OutboxMail, where(OutboxMail.shows).is_(stored.id), where(OutboxMail.instead_of).is_(None))
    instead = desk.one(OutboxMail, where(OutboxMail.instead_of).is_(refused.id))
    assert (instead.recipient, instead.state) == (OFFICER, "accepted")
    tokens = [row for row in desk.all(Token) if row.token in instead.message_id]
    assert [(row.message, row.purpose, row.officer) for row in tokens] == [(stored.id, "new case", "officer1")]
    assert LOADED not in text_of(server.to(OFFICER)[-1])
    desk.go_on(60)
    assert len(desk.mails(instead_of=refused.id)) == 1


# ---- an officer who cannot be reached


@pytest.mark.parametrize("reply", [
    (554, "5.7.1 <a.jansen@bzk.example>: Recipient address rejected: Access denied"),
    (550, "5.1.1 unknown"), (550, "no"), (554, "5.7.1 Client host blocked"),
])  # fmt: skip
def test_an_officer_who_is_refused_holds_nothing(desk: Desk, server: Server, reply: tuple[int, str]) -> None:
    """Two notices wait for them; a notification leaves at once, and another officer reads what they should have."""
    server.rules = [Rule(to(OFFICER), *reply)]
    for number in range(2):
        desk.receive(mail(REFERRER, f"Bericht {number}", f"Er is iets {number}.", message_id=f"{number}@x.example"))
    desk.settle()
    key = drafted_and_approved(desk)
    assert until_sent(desk, key) == 0
    desk.go_on(3)
    read = [text_of(octets) for octets in server.to(HEAD)]
    assert any("Er is iets 0" in text for text in read)
    assert any("Er is iets 1" in text for text in read)
    assert how_it_stands(desk) is ServerState.TAKES
    assert "officer unreached" in alarms(desk)
    assert all(row.officer != "officer1" for row in desk.all(Token) if any(
        row.token in sent.message_id
        for sent in desk.mails(recipient=HEAD)
    ))  # fmt: skip


def test_two_officers_who_are_refused_lead_to_a_third(desk: Desk, server: Server) -> None:
    """What the second should have read instead reaches the next, and nothing goes round for ever."""
    server.rules = [Rule(to(OFFICER, HEAD), 550, "5.1.1 unknown")]
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    for _ in range(6):
        desk.go_on(5)
    read = {recipient for _, recipient, octets in server.taken if "Er is iets." in text_of(octets)}
    assert read - {REFERRER}
    assert len(desk.mails()) < 40


# ---- the server itself


@pytest.mark.parametrize(
    "reply",
    [(554, "5.7.1 Relay access denied"), *(long((reply,)) for reply in [(554, "no"), (550, "5.7.1 you are blocked")])],
)
def test_a_server_that_refuses_all_is_told_and_asked_by_one_mail_a_minute(
    desk: Desk, server: Server, reply: tuple[int, str]
) -> None:
    """It is an outage once mails that have nothing in common were refused; then one mail a minute asks at most."""
    server.rules = [Rule(everything, *reply)]
    begun, key = desk.clock.now(), drafted_and_approved(desk)
    desk.settle()
    assert how_it_stands(desk) is ServerState.DOUBTED
    for _ in range(90):
        desk.go_on(1)
    at = [instant for instant, _ in server.asked if instant > begun + timedelta(minutes=1)]
    assert min(later - earlier for earlier, later in pairwise(at)) >= timedelta(seconds=55)
    assert alarms(desk).count("outbox denied") == 1
    assert all(row.state == MailState.QUEUED for row in desk.mails())
    assert {HEAD, OFFICER} <= {row.recipient for row in desk.mails(kind=Kind.ALARM)}
    server.rules = ()
    assert until_sent(desk, key) <= 2
    desk.go_on(1)
    assert {row.state for row in desk.mails()} == {MailState.ACCEPTED}
    assert len({(address, octets) for _, address, octets in server.taken}) == len(server.taken)


def test_an_untried_notification_asks_at_once(desk: Desk, server: Server) -> None:
    """In doubt the least-tried mail asks, platforms first: it waits for no pause of mail that was refused before."""
    server.rules = [Rule(everything, 554, "no", until=desk.clock.now() + timedelta(minutes=50))]
    drafted_and_approved(desk)
    for _ in range(30):
        desk.go_on(2)
    server.rules = [Rule(lambda recipient, _text: recipient != X_CHANNEL, 554, "no")]
    key = drafted_and_approved(desk)
    assert until_sent(desk, key) == 0


def test_a_refused_login_is_no_doubt(desk: Desk, server: Server) -> None:
    """One try a wait, by the first mail alone: repeated logins lock an account."""
    server.rules = [Rule(everything, 535, "authentication refused", SmtpStage.SESSION)]
    drafted_and_approved(desk)
    for _ in range(60):
        desk.go_on(1)
    assert how_it_stands(desk) is ServerState.DENIES
    assert len({recipient for _, recipient in server.asked}) == 1
    assert len(server.asked) <= 7


def test_a_domain_that_is_refused_holds_nobody_outside_it(desk: Desk, server: Server) -> None:
    """All mail to officers is refused for hours: referrers and platforms get theirs at once all the same."""
    server.rules = [Rule(within("bzk.example"), 554, "5.7.1 Relay access denied")]
    for hour in range(3):
        desk.receive(mail(REFERRER, f"Bericht {hour}", f"Er is iets {hour}.", message_id=f"{hour}@x.example"))
        assert until_sent(desk, drafted_and_approved(desk)) == 0
        for _ in range(12):
            desk.go_on(5)
    assert states(desk, REFERRER) == states(desk, X_CHANNEL) == {MailState.ACCEPTED}


@pytest.mark.parametrize(
    ("code", "stage"), [(451, RCPT), (554, DATA), *map(long, [(550, RCPT), (554, RCPT), (451, DATA), (550, DATA)])]
)
def test_the_verdict_turns_in_the_middle(desk: Desk, server: Server, code: int, stage: SmtpStage) -> None:
    """Each mail leaves within a minute or two of the turn, once, though some was refused for an hour."""
    server.rules = [
        Rule(everything, code, f"{code // 100}.7.1 not now", stage, desk.clock.now() + timedelta(minutes=61))
    ]
    key = drafted_and_approved(desk)
    for _ in range(31):
        desk.go_on(2)
    minutes = until_sent(desk, key, 40)
    assert minutes <= 32
    for _ in range(34):
        desk.go_on(1)
    assert {row.state for row in desk.mails()} == {MailState.ACCEPTED}
    assert len({(address, octets) for _, address, octets in server.taken}) == len(server.taken)
    desk.assert_whole()


# ---- what it says


def test_alarms_about_the_server_quote_no_words(desk: Desk, server: Server) -> None:
    """A server may quote the very word that it refuses: the alarm bears the reply's digits alone."""
    server.rules = [Rule(everything, 550, f"5.7.1 message with {LOADED} rejected", DOT)]
    desk.approved()
    desk.settle()
    for _ in range(20):
        desk.go_on(1)
    found = [alarm for alarm in desk.alarms() if alarm.kind in {"outbox denied", "outbox waits", "deferred"}]
    assert {alarm.kind for alarm in found} == {"outbox denied", "outbox waits", "deferred"}
    assert all(LOADED not in alarm.text.in_language("en") for alarm in found)
    assert any("550 5.7.1" in alarm.text.in_language("en") for alarm in found)


def test_approving_says_that_it_waits(desk: Desk, server: Server) -> None:
    """What is queued while the server refuses all mail is not said to leave now."""
    server.rules = [Rule(everything, 535, "authentication refused", SmtpStage.SESSION)]
    drafted_and_approved(desk)
    desk.settle()
    key = desk.drafted()
    said = desk.do(Approve(draft=key))
    assert "queued: the submission server refuses mail since 10:34" in said.text.english
    assert said.did.held_since is not None


def test_status_names_the_doubt(desk: Desk, server: Server) -> None:
    """`status` is not green while the server refuses all mail."""
    server.rules = [Rule(everything, 554, "no")]
    drafted_and_approved(desk)
    desk.settle()
    with desk.env.store.read() as tx:
        seen = status_gathering.gather(UnitOfWork(desk.env, tx, desk.clock.now()), link=True)
    assert any("the submission server refuses" in trouble for trouble in seen.troubles())


# ---- what a person can do


def test_cancel_takes_what_was_only_ever_refused(desk: Desk, server: Server) -> None:
    """A mail that the server answered with refusals alone, or never heard of, can be cancelled."""
    server.rules = [Rule(everything, 554, "no")]
    key = desk.approved()
    for _ in range(40):
        desk.go_on(2)
    assert desk.mail_of(key).tries > 1
    desk.do(CancelMail(mail=desk.mail_of(key).id))
    assert desk.notification(key).state == "cancelled"
    desk.assert_whole()


def test_cancel_refuses_what_may_have_been_taken(desk: Desk, server: Server) -> None:
    """A try without an answer to the final dot: the mail may be with its recipient."""
    server.rules = [Rule(to(OFFICER), -1, "")]
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.settle()
    notice = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))
    assert notice.state == MailState.QUEUED
    assert "may have been taken" in desk.refused(CancelMail(mail=notice.id))


def test_retry_tries_at_once(desk: Desk, server: Server) -> None:
    """All that was refused or not yet tried is due now, and leaves once the server takes mail again."""
    server.rules = [Rule(everything, 535, "authentication refused", SmtpStage.SESSION)]
    key = drafted_and_approved(desk)
    for _ in range(30):
        desk.go_on(2)
    server.rules = ()
    assert delivery.drain(desk.env) == 0
    desk.do(RetryMail())
    desk.settle()
    assert desk.notification(key).state == "sent"


def test_retry_of_one_mail_leaves_the_others(desk: Desk, server: Server) -> None:
    """A named mail is tried at once though its pause is not over."""
    server.rules = [Rule(to(X_CHANNEL), 451, "later")]
    key = desk.approved()
    for _ in range(30):
        desk.go_on(2)
    server.rules = ()
    before = desk.mail_of(key)
    desk.do(RetryMail(mail=before.id))
    desk.settle()
    assert desk.notification(key).state == "sent"


def test_retry_never_takes_a_mail_in_doubt(desk: Desk, server: Server) -> None:
    """An uncertain notification waits for proof or for a person's word, whoever retries."""
    server.rules = [Rule(to(X_CHANNEL), -1, "")]
    key = desk.approved()
    desk.settle()
    server.rules = ()
    assert "in doubt" in desk.refused(RetryMail(mail=desk.mail_of(key).id))
    desk.do(RetryMail())
    desk.settle()
    assert server.to(X_CHANNEL) == []


def test_results_of_attempts_tell_doubt_from_denial(desk: Desk, server: Server) -> None:
    """The record says what each refusal was: unclear until another mail decides."""
    server.rules = [Rule(everything, 554, "no")]
    desk.approved()
    desk.settle()
    assert {row.result for row in desk.all(Attempt)} == {AttemptResult.UNCLEAR}
