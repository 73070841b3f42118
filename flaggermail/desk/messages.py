# SPDX-License-Identifier: EUPL-1.2
"""Acts on messages: vouch for a sender, correct a kind, take one out of the quarantine."""

from __future__ import annotations

from dataclasses import replace

from flaggermail import casework, recognise
from flaggermail.core import acts, clocks, rules
from flaggermail.core.events import EventKind, changed
from flaggermail.core.records import Notification, Platform, StoredMessage
from flaggermail.core.rules import Kind
from flaggermail.core.unverified import CONFIRMED
from flaggermail.desk import cases, declining, notes
from flaggermail.desk.outcome import Outcome, given, one_of, the_case, the_message
from flaggermail.environment import About, Work
from flaggermail.errors import Refusal

UNSURE = frozenset({Kind.UNKNOWN.value, Kind.NOISE.value})


def confirm(work: Work, act: acts.ConfirmMessage) -> Outcome:
    """A person vouches for the sender, and for a disputed arrival: from now on the message counts."""
    message = the_message(work, act.message)
    if message.direction == "out" and message.notification is None:
        return _register_use(work, message)
    if message.verdict == "verified" and not message.disputed:
        raise Refusal(f"message {message.id}: counts already ({message.verdict_basis})")
    sure = replace(message, verdict="verified", verdict_basis=f"{CONFIRMED} {work.actor}", disputed=False)
    _correct(work, EventKind.MESSAGE_CONFIRMED, message, sure)
    cases.teach(work, sure)
    return Outcome(f"message {sure.id} confirmed{_without_effect(work, sure)}", sure.id)


def _without_effect(work: Work, message: StoredMessage) -> str:
    """What to do about an answer that arrived before what it answers was sent, by a clock that was wrong."""
    answered = work.tx.get(Notification, message.notification) if message.notification else None
    if answered is None or answered.sent_at is None or clocks.counts(answered.sent_at, message.received_at):
        return ""
    return (
        "; it stops no clock, because by its instant it came before the sending: note when it came with "
        f"`flaggermail case note {answered.case}`"
    )


def _register_use(work: Work, message: StoredMessage) -> Outcome:
    """A notification that somebody typed by hand: the copy in Sent starts its clocks."""
    if message.case is None:
        raise Refusal(
            f"message {message.id}: first put it into a case: `flaggermail quarantine place {message.id} CASE`"
        )
    case = the_case(work, message.case)
    channel = recognise.channel_of(work, work.env.parser.parse(work.env.octets.get(message.digest)))
    if channel is None:
        raise Refusal(f"message {message.id}: went to no address of a channel in platforms.yaml; it is no notification")
    use = notes.use_by_hand(work, case, channel, message.received_at, message.message_id)
    registered = replace(
        message, notification=use.id, kinds=(Kind.NOTIFICATION.value,), verdict="verified",
        verdict_basis=f"{CONFIRMED} {work.actor}",
    )  # fmt: skip
    _correct(work, EventKind.MESSAGE_CONFIRMED, message, registered)
    return Outcome(f"{use.id} registered, sent {message.received_at.isoformat()} by the copy in Sent", use.id)


def refuse(work: Work, act: acts.RefuseMessage) -> Outcome:
    """A person does not believe the sender: the message stops nothing."""
    message = _of_others(work, act.message)
    given("reason", act.reason)
    if message.direction == "out":
        raise Refusal(f"message {message.id}: was sent from this mailbox; there is no sender to doubt")
    unbelieved = replace(message, verdict="failed", verdict_basis=f"refused by {work.actor}: {act.reason}")
    _correct(work, EventKind.MESSAGE_REFUSED, message, unbelieved)
    return Outcome(f"message {message.id} refused", message.id)


def reclassify(work: Work, act: acts.ReclassifyMessage) -> Outcome:
    """Correct what a message is; clocks and figures follow at once, the history stays."""
    message = _of_others(work, act.message)
    kinds = _kinds(act.kinds)
    if not kinds:
        raise Refusal(f"message {message.id}: name at least one kind")
    automatic = Kind.AUTO_REPLY.value in kinds
    corrected = replace(message, kinds=kinds, automatic=automatic, rule=f"corrected by {work.actor}")
    _correct(work, EventKind.MESSAGE_RECLASSIFIED, message, corrected)
    return Outcome(f"message {message.id} is {' and '.join(kinds)}", message.id)


def _correct(work: Work, kind: EventKind, old: StoredMessage, new: StoredMessage) -> None:
    about = About(case=new.case, notification=new.notification, message=new.id)
    work.record(kind, changed(old, new), reason="+".join(new.kinds), about=about)
    if new.notification is not None:
        casework.rejudge(work, new.notification)


def place(work: Work, act: acts.PlaceMessage) -> Outcome:
    """Take a message out of the quarantine (or move one that was misplaced); its arrival instant stays what it was."""
    message = _of_others(work, act.message)
    if sum((act.case is not None, act.new, act.noise)) != 1:
        raise Refusal(f"message {message.id}: say where it belongs: a case number, --new, or --noise with a reason")
    if act.noise:
        return _to_noise(work, message, act)
    message = declining.taken_back(work, message)
    if act.new:
        return _to_new_case(work, message, act)
    case = the_case(work, act.case or "")
    notification = _use_of(work, message, case.number)
    known = () if UNSURE.issuperset(message.kinds) else message.kinds
    answer = (Kind.PLATFORM_ACK.value,) if notification else (Kind.UNKNOWN.value,)
    kinds = _kinds(act.kinds) or known or answer
    cases.file_in(work, message, case.number, kinds, act.reason, notification)
    return Outcome(f"message {message.id} is in {case.number}", message.id)


def _to_noise(work: Work, message: StoredMessage, act: acts.PlaceMessage) -> Outcome:
    given("reason", act.reason)
    if message.place == "declined":
        raise Refusal(f"message {message.id}: was declined, and goes by itself at the end of the review window")
    binned = replace(
        message,
        place="noise",
        case=None,
        notification=None,
        kinds=(Kind.NOISE.value,),
        reason=act.reason,
        basis=f"placed by {work.actor}",
        suggestions=(),
    )
    work.record(EventKind.MESSAGE_PLACED, changed(message, binned), reason="noise", about=About(message=message.id))
    if message.notification is not None:
        casework.rejudge(work, message.notification)
    return Outcome(f"message {message.id} is noise", message.id)


def _to_new_case(work: Work, message: StoredMessage, act: acts.PlaceMessage) -> Outcome:
    found = casework.open_election(work)
    election = act.election or (found.code if found else None)
    if election is None:
        raise Refusal(f"message {message.id}: no election is open; name one (--election)")
    wanted = acts.OpenCase(
        election=election, type=act.type, origin="referral", source=act.source, from_message=message.id
    )
    opened = cases.open_case(work, wanted)
    return Outcome(f"message {message.id} opened {opened.key}", opened.key)


def _use_of(work: Work, message: StoredMessage, case: str) -> str | None:
    """The notification of the case that was sent to the platform from which the message came."""
    domain = (message.from_address or "").rpartition("@")[2]
    platforms = [p.code for p in work.tx.find(Platform) if rules.in_domains(domain, frozenset(p.domains))]
    uses = work.tx.find(Notification, case=case, platform=platforms, use=True, state="sent")
    return uses[0].id if len(uses) == 1 else None


def _of_others(work: Work, key: str) -> StoredMessage:
    """A message that somebody else wrote: what we sent stays what and where it is."""
    message = the_message(work, key)
    if message.place == "own":
        raise Refusal(f"message {message.id}: was composed and sent here; there is nothing to correct about it")
    return message


def _kinds(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        one_of("kind", name, [kind.value for kind in Kind])
    return names
