# SPDX-License-Identifier: EUPL-1.2
"""What became of the mail that the check sent to the desk itself, and of the scratch desk's proof."""

from __future__ import annotations

from flaggermail.health.findings import skew
from flaggermail.mail.authentication.authres import AuthenticationMethod, above_last_hop, is_named, read_trace, servers
from flaggermail.mail.reply_tokens import CHECK_HEADER, OWN_HEADER
from flaggermail.online import checked
from flaggermail.online.checked import CheckPart, Marks, ScratchProof, Sent, body_digest, fields, header_field
from flaggermail.online.outcomes import CheckStep, OutcomeCode, StepOutcome
from flaggermail.ports import Accepted, Refused, Role
from flaggermail.ports.probing import Found
from flaggermail.settings.model import Settings
from flaggermail.wording.servers import OnlineFinding

_SHOWN = 120  # characters of a field
_TOPMOST = "topmost"


def self_mail(sent: Sent, settings: Settings) -> StepOutcome:
    """Tells whether the mail to the desk's own address arrived, and where."""
    step, mailbox, submission = CheckStep.SELF_MAIL, settings.desk.mailbox, settings.desk.submission
    address = mailbox.address
    if isinstance(sent.answer, Refused):
        mend = {"user": submission.user or address, "address": address}
        return OutcomeCode.SELF_REFUSED.at(step, address=address, words=sent.answer.text, mend=mend)
    if sent.found is None:
        if isinstance(sent.answer, Accepted):
            return OutcomeCode.SELF_MISSING.at(step, address=address, count=sent.seconds, mend={"address": address})
        return OutcomeCode.SELF_UNCERTAIN.at(step, words=sent.answer.text)
    if sent.found.role is Role.JUNK:
        return OutcomeCode.SELF_JUNK.at(step, folder=sent.found.folder)
    return OutcomeCode.SELF_ARRIVED.at(step, address=address, folder=sent.found.folder, count=sent.seconds)


def message_id(sent: Sent) -> StepOutcome:
    """Compares the Message-ID."""
    here, was = header_field(_octets(sent), "Message-ID"), header_field(sent.octets, "Message-ID")
    if here == was:
        return OutcomeCode.ID_KEPT.at(CheckStep.MESSAGE_ID)
    return OutcomeCode.ID_REPLACED.at(CheckStep.MESSAGE_ID, sent=was, found=here[:_SHOWN] or "-")


def own_header(sent: Sent, marks: Marks) -> StepOutcome:
    """Looks for the fields of the desk."""
    here = _octets(sent)
    if header_field(here, OWN_HEADER) != marks.bits:
        return OutcomeCode.HEADER_LOST.at(CheckStep.OWN_HEADER, field=OWN_HEADER)
    if header_field(here, CHECK_HEADER) != marks.value(CheckPart.PLAIN):
        return OutcomeCode.HEADER_LOST.at(CheckStep.OWN_HEADER, field=CHECK_HEADER)
    return OutcomeCode.HEADER_KEPT.at(CheckStep.OWN_HEADER)


def body(sent: Sent) -> StepOutcome:
    """Compares the octets of the text."""
    digest = body_digest(sent.octets)
    if body_digest(_octets(sent)) == digest:
        return OutcomeCode.BODY_KEPT.at(CheckStep.BODY, digest=digest)
    return OutcomeCode.BODY_CHANGED.at(CheckStep.BODY)


def results(sent: Sent, settings: Settings) -> StepOutcome:
    """Tells whose Authentication-Results the mail bears."""
    trust, trace = settings.desk.mailbox.trusted, read_trace(_octets(sent))
    found = [name[:_SHOWN] for name in servers(trace, trust)]
    if is_named(trust):
        ours = trust.authserv_id or ""
        if ours.lower() in found:
            return OutcomeCode.RESULTS_OURS.at(CheckStep.RESULTS, server=ours)
        if found:
            return OutcomeCode.RESULTS_OTHER.at(CheckStep.RESULTS, found=found, server=ours)
        return OutcomeCode.RESULTS_NONE.at(CheckStep.RESULTS)
    if not above_last_hop(trace):
        return OutcomeCode.RESULTS_NONE.at(CheckStep.RESULTS)
    if trust.asked is AuthenticationMethod.NOBODY:
        return OutcomeCode.RESULTS_UNTRUSTED.at(CheckStep.RESULTS, found=found or [_TOPMOST])
    return OutcomeCode.RESULTS_OURS.at(CheckStep.RESULTS, server=found[0] if found else _TOPMOST)


def plus_address(sent: Sent, address: str) -> StepOutcome:
    """Tells whether mail to a plus-address arrives, and whether anything in it still shows that address."""
    step = CheckStep.PLUS_ADDRESS
    if not isinstance(sent.answer, Accepted) and sent.found is None:
        return OutcomeCode.PLUS_LOST.at(step, words=sent.answer.text)
    if sent.found is None:
        return OutcomeCode.PLUS_MISSING.at(step, address=address)
    shown = [value for name in ("To", "Delivered-To", "X-Original-To") for value in fields(_octets(sent), name)]
    if any(address.lower() in value.lower() for value in shown):
        return OutcomeCode.PLUS_KEPT.at(step, address=address)
    return OutcomeCode.PLUS_STRIPPED.at(step, address=address)


def clock(sent: Sent, settings: Settings) -> StepOutcome:
    """Compares the instant at which the server stored the mail with those at which it was sent and seen."""
    limit, stored = settings.desk.watch.clock_skew_seconds, _found(sent).internaldate
    high = stored - sent.answer.at if isinstance(sent.answer, Accepted) else None
    off = skew(stored - sent.seen_at, high)
    seconds = int(off.total_seconds()) if off is not None else 0
    if abs(seconds) <= limit:
        return OutcomeCode.CLOCK_AGREES.at(CheckStep.CLOCK, count=abs(seconds))
    side = OnlineFinding.AHEAD() if seconds > 0 else OnlineFinding.BEHIND()
    return OutcomeCode.CLOCK_DIFFERS.at(CheckStep.CLOCK, side=side, count=abs(seconds))


def forged_mark(sent: Sent, marks: Marks) -> StepOutcome:
    """Tells whether the forged mark survived; one that the server writes itself has another value."""
    step = CheckStep.FORGED_MARK
    if sent.found is None:
        words = OnlineFinding.NOT_SEEN() if isinstance(sent.answer, Accepted) else sent.answer.text
        return OutcomeCode.MARK_UNKNOWN.at(step, words=words)
    if checked.forged_mark(marks) in fields(sent.found.octets, checked.MARK):
        return OutcomeCode.MARK_SURVIVES.at(step, field=checked.MARK)
    return OutcomeCode.MARK_GONE.at(step)


def placed(proof: ScratchProof) -> StepOutcome:
    """Tells whether the scratch desk opened a case for the mail."""
    if proof.case is None:
        return OutcomeCode.PROOF_UNPLACED.at(CheckStep.PLACED, words=proof.filed)
    return OutcomeCode.PROOF_PLACED.at(CheckStep.PLACED, case=proof.case)


def answered(proof: ScratchProof, address: str) -> StepOutcome:
    """Tells whether the confirmation went out and arrived."""
    if isinstance(proof.sent, Accepted) and proof.arrived:
        return OutcomeCode.PROOF_ANSWERED.at(CheckStep.ANSWERED, address=address)
    if proof.sent is None:
        return OutcomeCode.PROOF_UNANSWERED.at(CheckStep.ANSWERED, words=OnlineFinding.NO_RECEIPT())
    words = OnlineFinding.NOT_SEEN() if isinstance(proof.sent, Accepted) else proof.sent.text
    return OutcomeCode.PROOF_UNANSWERED.at(CheckStep.ANSWERED, words=words)


def archived(proof: ScratchProof, _: str) -> StepOutcome:
    """Tells whether the archive gave every mail back."""
    if proof.lost:
        return OutcomeCode.PROOF_UNARCHIVED.at(CheckStep.ARCHIVED, words=proof.lost)
    return OutcomeCode.PROOF_ARCHIVED.at(CheckStep.ARCHIVED, count=proof.mails)


def verified(proof: ScratchProof, _: str) -> StepOutcome:
    """Tells whether the record is what its events say."""
    if proof.findings:
        return OutcomeCode.PROOF_UNVERIFIED.at(CheckStep.VERIFIED, words=proof.findings[:_SHOWN])
    return OutcomeCode.PROOF_VERIFIED.at(CheckStep.VERIFIED, count=proof.events)


def _octets(sent: Sent) -> bytes:
    return _found(sent).octets


def _found(sent: Sent) -> Found:
    """Returns the mail as it arrived; only steps that rest on its arrival ask."""
    if sent.found is None:
        raise ValueError("the step rests on a mail that arrived")
    return sent.found
