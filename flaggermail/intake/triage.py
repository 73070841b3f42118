# SPDX-License-Identifier: EUPL-1.2
"""Triage of a mail by its facts: placed, classified, decided. It asks nothing and writes nothing.

Commands that explain a decision use the same functions, so that the explanation is accurate. `intake.facts` computes
the facts. Machine mail and mailings may carry a referral, in their own words or in the mail that they pass on, or a
result. A web form declares itself automatic, and so does an absence notice: what answers a mail refers nothing by
itself.

Whether a mail's arrival time is reliable: every latency is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from flaggermail.cases import citizen_criteria
from flaggermail.intake import disposition, silence
from flaggermail.intake.disposition import Circumstances, Disposition
from flaggermail.intake.silence import Attention
from flaggermail.mail.authentication.authres import RECEIVED, Fields, own_received_line, taken_at
from flaggermail.mail.automated.mechanical_kind import answers_mail, from_list
from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language
from flaggermail.matching import placing
from flaggermail.matching.placing import Known, Placement, Sender
from flaggermail.ports import RawMessage, Role
from flaggermail.record import clocks
from flaggermail.record.case_values import Priority, Source
from flaggermail.record.definition import EARLIEST
from flaggermail.record.kinds import ArrivalBasis, Kind, Place
from flaggermail.record.rows import Notification
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context, RuleSet, Statement
from flaggermail.rules.conditions import Find
from flaggermail.settings.reply_words import IntakeWords
from flaggermail.wording.filing import ArrivalDoubt, MachineStatement
from flaggermail.wording.said import UNSAID, StoredText

# ---- whether the time of arrival is reliable


TOLERANCE = timedelta(minutes=2)
_IN_FILE: Mapping[ArrivalBasis, ArrivalDoubt] = {
    ArrivalBasis.OWN_LINE: ArrivalDoubt.OWN_LINE,
    ArrivalBasis.LAST_HOP: ArrivalDoubt.LAST_HOP,
    ArrivalBasis.MBOX: ArrivalDoubt.MBOX_LINE,
    ArrivalBasis.MAILDIR: ArrivalDoubt.MAILDIR,
    ArrivalBasis.FILE: ArrivalDoubt.FILE,
    ArrivalBasis.MOVED: ArrivalDoubt.MOVED,
}


def disputed(internaldate: datetime, looked_at: datetime | None, received: str | None) -> StoredText | None:
    """Returns why the INTERNALDATE is disputed, or None.

    It is disputed if it lies before a complete look at the folder that did not show the mail (`looked_at`), or too far
    from the time in our own receiving server's Received field (`received`: its line; RFC 5322, section 3.6.7).
    """
    if looked_at is not None and internaldate < looked_at - TOLERANCE:
        return ArrivalDoubt.BEFORE_LOOK(at=f"{looked_at.astimezone(UTC):%Y-%m-%d %H:%M}")
    taken = taken_at(received) if received else None
    if taken is not None and abs(internaldate - taken) > TOLERANCE:
        return ArrivalDoubt.SERVER_LINE(at=f"{taken.astimezone(UTC):%Y-%m-%d %H:%M}")
    return None


def is_possible(internaldate: datetime, now: datetime) -> bool:
    """True if a mail that is seen `now` can have arrived then, as far as both clocks can be trusted."""
    return EARLIEST <= internaldate <= now + TOLERANCE


def impossible(internaldate: datetime, written: str) -> StoredText:
    """Returns why an INTERNALDATE is no arrival; `written` is its text if no calendar holds it."""
    if written:
        return ArrivalDoubt.NO_INSTANT(text=written)
    at = internaldate.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes")
    return ArrivalDoubt.TOO_OLD(at=at) if internaldate < EARLIEST else ArrivalDoubt.AFTER_SIGHT(at=at)


def too_early(sent_at: datetime | None, arrived_at: datetime) -> StoredText | None:
    """Returns why the arrival time of an answer is impossible, or None: it lies before the notification was sent.

    One of the two clocks was wrong. Such an answer stops no clock, so a person must be informed.
    """
    if sent_at is None or clocks.counts(sent_at, arrived_at):
        return None
    return ArrivalDoubt.BEFORE_SENDING(at=f"{sent_at.astimezone(UTC):%Y-%m-%d %H:%M}")


def disputed_in_file(basis: ArrivalBasis) -> StoredText:
    """Returns why an arrival that no look saw is disputed: whoever had the file, or moved the mail, could write it."""
    return _IN_FILE[basis]()


def in_file(
    fields: Sequence[tuple[str, str]], server: str | None, stored: tuple[datetime, ArrivalBasis], now: datetime
) -> tuple[datetime, ArrivalBasis]:
    """Returns when a mail in a file arrived, and what that rests on.

    `fields`: its header; `server`: our receiving server, if the settings name it; `stored`: what the file itself says.
    The Received fields come first, as a copied file has the time of the copy. The Date field is never asked.
    """
    own = own_received_line(fields, server) if server else None
    last = next((line for name, line in fields if name == RECEIVED), None)
    for line, basis in ((own, ArrivalBasis.OWN_LINE), (last, ArrivalBasis.LAST_HOP)):
        taken = taken_at(line) if line else None
        if taken is not None and EARLIEST <= taken <= now:
            return taken, basis
    at, basis = stored
    return (at, basis) if EARLIEST <= at <= now else (now, ArrivalBasis.FILE)


# ---- triage


AUTHORITIES = frozenset({Source.FELLOW_AUTHORITY, Source.GOVERNMENT_BODY})
CARRIERS = frozenset({MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY})  # reports return mail of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeFacts:
    """What is known of one mail before it is placed: by itself, and from the record at that instant.

    Computed once (`intake.facts`). Placing, triage and disposition read it, and ask nothing more.
    """

    raw: RawMessage
    message: Message  # with the verdict on its author, and as the desk reads it: a comment that is ours is none
    sender: Sender
    known: Known = field(default_factory=Known)
    notifications: Mapping[str, Notification] = field(default_factory=dict)  # that it may answer, by id
    ours: frozenset[str]  # the addresses of the mailbox, in lower case
    plus_addresses: bool  # of which one with a detail is ours too (RFC 5233)
    exercise: bool  # a participant of an exercise wrote it
    election: str | None  # to which it belongs if it is a referral
    declined_before: bool
    known_sender: bool  # mail from this address was taken in before
    receipted: frozenset[str] = frozenset()  # the notifications whose receipt came before
    remembered: str | None  # the list to which officers added the sender's domain
    within: Message | None  # the mail that it passes on
    within_remembered: str | None  # the list to which officers added the domain of that mail's author
    to_channel: bool  # in Sent, with a channel's address among the recipients
    dispute: StoredText | None = None  # why the arrival time is not reliable
    trace: Fields = ()  # its Received, Authentication-Results and From fields, read from the octets
    same_id: str | None = None  # a message with the same Message-ID and other content
    late: bool = False  # too old for notifications


@dataclass(frozen=True, slots=True)
class Triaged:
    """The findings about a mail, and the decision."""

    placement: Placement
    context: Context
    found: Classification
    dispute: StoredText | None  # why the arrival time is not reliable
    decision: Disposition
    says: StoredText  # what a platform's machine mail says besides that ours arrived
    missed: bool  # taken in late, and somebody would have been notified of it


@dataclass(frozen=True, slots=True)
class Carried:
    """What the rules say of the mail as though a person had written it."""

    referral: bool = False
    to_list: bool = False  # of a proven authority of the rules' lists; by a person, of any list or an officer
    says: Statement | None = None  # what a platform's system says in the case besides that our mail arrived


@dataclass(frozen=True, slots=True)
class Reading:
    """By what a mail is read: the rules and their patterns, vocabulary, words, domains of free mail and authorities."""

    rules: RuleSet
    find: Find
    language: Language
    words: IntakeWords
    free_mail: frozenset[str]
    authorities: frozenset[str] = frozenset()

    def kinds_by(self, message: Message, context: Context) -> Classification:
        """Classifies the mail as though a person had written it."""
        by_a_person = replace(message, kind=MechanicalKind.HUMAN)
        return classifier.classify(by_a_person, context, self.rules.for_persons, self.find)


def judge(facts: IntakeFacts, reading: Reading) -> Triaged:
    """Places, classifies and decides about a mail."""
    placement = placing.place(facts.known)
    context = context_of(facts, placement)
    found = classifier.classify(facts.message, context, reading.rules, reading.find)
    answered, dispute = facts.notifications.get(placement.notification or ""), facts.dispute
    if context.platform is not None and dispute is None and answered is not None:
        dispute = too_early(answered.sent_at, facts.raw.arrived_at)
    on = circumstances(facts, placement, context, found, reading, disputed=dispute is not None)
    decision, from_file = disposition.decide(on), facts.raw.arrival.in_file
    waits = decision.place is Place.QUARANTINE and on.carrier
    if waits and silence.names_any(facts.message, facts.ours, reading.authorities):
        found = replace(found, priority=Priority.URGENT)
    return Triaged(
        placement, context, found, dispute,
        disposition.of_old_mail(decision, from_file=from_file) if facts.late else decision,
        says=on.says, missed=facts.late and not from_file and not decision.quiet,
    )  # fmt: skip


def context_of(facts: IntakeFacts, placement: Placement) -> Context:
    """Returns what the rules may test apart from the mail itself."""
    answered = facts.notifications.get(placement.notification or "")
    sent_at = answered.sent_at if answered is not None else None
    since = facts.raw.arrived_at - sent_at if sent_at is not None else None
    return Context(
        platform=facts.sender.platform,
        from_officer=facts.sender.officer is not None,
        placed=placement.case is not None,
        suggested=bool(placement.suggestions),
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict=facts.message.vouched.value,
        period=facts.election is not None,
        declined_before=facts.declined_before,
        remembered=facts.remembered,
    )


def circumstances(
    facts: IntakeFacts, placement: Placement, context: Context, found: Classification, reading: Reading,
    *, disputed: bool,
) -> Circumstances:  # fmt: skip
    """Returns what the decision is based on."""
    message, sender, role = facts.message, facts.sender, facts.raw.role
    template = (
        found.template if message.answerable and message.sender and message.sender.key not in facts.ours else None
    )
    carried = _carried(facts, context, found, reading)
    to_us = placing.to_us(message, facts.ours, frozenset(), plus_addresses=facts.plus_addresses)
    to_list, heard = carried.to_list and to_us, Attention.TOLD
    noise = Kind.NOISE in found.kinds
    if (noise or message.kind is not MechanicalKind.HUMAN) and not (carried.referral and facts.within is not None):
        heard = silence.attention(message, facts.ours, reading.language, known=to_list)
    citizens = template is not None and Kind.CITIZEN_REPORT in found.kinds  # who may be answered alone
    return Circumstances(
        mechanical=message.kind,
        kinds=frozenset(found.kinds),
        template=template,
        verdict=context.verdict,
        placed=placement.case is not None,
        use_placed=placement.notification is not None,
        suggestions=bool(placement.suggestions),
        from_platform=context.platform is not None,
        election=facts.election,
        declined_before=context.declined_before,
        known_sender=facts.known_sender,
        disputed=disputed,
        sent_folder=role is Role.SENT,
        junk_folder=role is Role.JUNK,
        carries_referral=carried.referral and heard is Attention.TOLD,
        says=_said(facts, placement, carried.says or (found.says if Kind.AUTO_REPLY in found.kinds else None)),
        after_receipt=placement.notification is None or placement.notification in facts.receipted,
        no_receipt=message.no_receipt,
        to_list=to_list,
        from_officer=sender.answers is not None or sender.asks,
        of_check=_is_of_check(facts),
        to_channel=facts.to_channel,
        attention=heard,
        carrier=silence.carrier(message, facts.ours, reading.language, noise=noise),
        doubts=citizen_criteria.doubts(message, reading.free_mail, reading.words) if citizens else (),
    )


def _carried(facts: IntakeFacts, context: Context, found: Classification, reading: Reading) -> Carried:
    """Returns what a mail carries that no person wrote, or that is noise; nothing of other mail."""
    if facts.message.kind is MechanicalKind.HUMAN and Kind.NOISE not in found.kinds:
        return Carried()
    return read_carried(facts.message, context, facts.within, reading, remembered=facts.within_remembered)


def _said(facts: IntakeFacts, placement: Placement, states: Statement | None) -> StoredText:
    """Returns what a platform's machine mail in a case says besides that ours arrived; nothing of other mail."""
    message = facts.message
    if facts.sender.platform is None or placement.case is None:
        return UNSAID
    if message.kind is MechanicalKind.FEEDBACK_REPORT:
        return MachineStatement.REPORT()
    if message.no_receipt is not None:
        until = message.away_until
        return MachineStatement.ABSENCE_UNTIL(until=until) if until else MachineStatement[message.no_receipt.name]()
    if states is not None:
        return MachineStatement[states.name]()
    return MachineStatement.COMMENT() if message.comment and message.kind is MechanicalKind.AUTO_REPLY else UNSAID


def _is_of_check(facts: IntakeFacts) -> bool:
    """True for an automatic mail from our own address that says so: nothing but its reason rests on that."""
    message = facts.message
    ours = message.sender is not None and message.sender.key in facts.ours
    return ours and message.kind is MechanicalKind.AUTO_REPLY and message.header(CHECK_HEADER) is not None


def read_carried(
    message: Message, context: Context, within: Message | None, reading: Reading, *, remembered: str | None = None
) -> Carried:  # fmt: skip
    """Returns what a mail carries that is a machine's, or noise by the rules; `within` is the mail it passes on.

    `remembered` is the list to which an officer added the domain that the author of `within` names.
    """
    written = reading.kinds_by(message, context)
    proven = context.verdict is SenderVerdict.VERIFIED
    authority = proven and written.source in AUTHORITIES
    by_person = message.kind is MechanicalKind.HUMAN and not from_list(message)
    known = context.from_officer or written.source is not None
    to_list = (proven and by_person and known) or (authority and not context.from_officer)
    if message.kind not in CARRIERS:
        return Carried(to_list=to_list)
    says = written.says if context.placed and context.platform is not None else None
    referral = authority and Kind.REFERRAL in written.kinds
    if within is not None:
        stranger = replace(
            context, platform=None, from_officer=False, verdict=SenderVerdict.UNVERIFIED, remembered=remembered
        )
        known = proven and Kind.REFERRAL in written.kinds
        referral = referral or known or Kind.REFERRAL in reading.kinds_by(within, stranger).kinds
    return Carried(referral, to_list, says)


def passed_on(message: Message, ours: frozenset[str], language: Language) -> Message | None:
    """Returns the mail within a machine's mail or a mailing, unless one of `our` addresses wrote it: that it answers.

    The parser looks for one that is forwarded in the text in persons' mail only; in a machine's it is looked for here.
    """
    inner = message.forwarded
    if inner is None and message.kind is MechanicalKind.AUTO_REPLY:
        subject = split_subject(message.subject or "", language)
        answers = answers_mail(message, language)  # what it shows is then a quotation, unless it says "forwarded"
        inline = find_inline(message.text.split("\n"), subject, language, answers=answers, recipients=ours)
        inner = inline.mail if inline else None
    # Outlook may print the author's name alone, and that may be ours.
    if inner is None or inner.sender is None or not inner.sender.domain or inner.sender.key in ours:
        return None
    return replace(
        message, from_=(inner.sender,), subject=inner.subject, text=inner.body, reply_text=inner.body, forwarded=None,
        in_reply_to=(), references=(), keys=None,
    )  # fmt: skip
