# SPDX-License-Identifier: EUPL-1.2
"""What became of the mail that the check sent to the desk itself, and of the scratch desk's proof."""

from __future__ import annotations

from flaggermail.health.findings import skew
from flaggermail.mail.authentication.authres import AuthenticationMethod, above_last_hop, is_named, read_trace, servers
from flaggermail.mail.reply_tokens import CHECK_HEADER, OWN_HEADER
from flaggermail.online.checked import (
    MARK,
    Checked,
    CheckPart,
    OnlyOurselves,
    body_digest,
    fields,
    header_field,
    play,
    scratch_settings,
    verify,
)
from flaggermail.online.outcomes import CheckStep, OutcomeCode, StepOutcome
from flaggermail.ports import Accepted, Refused, Role
from flaggermail.ports.probing import Found
from flaggermail.wording.online import OnlineFinding

_SHOWN = 120  # characters of a field
_TOPMOST = "topmost"


def self_mail(checked: Checked) -> StepOutcome:
    """Sends a mail to the desk's own address; tells whether it arrived, and where."""
    step, desk = CheckStep.SELF_MAIL, checked.means.settings.desk
    address = desk.mailbox.address
    sent = checked.send(CheckPart.PLAIN, address)
    if isinstance(sent.answer, Refused):
        mend = {"user": desk.submission.user or address, "address": address}
        return OutcomeCode.SELF_REFUSED.at(step, address=address, words=sent.answer.text, mend=mend)
    if sent.found is None:
        if isinstance(sent.answer, Accepted):
            return OutcomeCode.SELF_MISSING.at(step, address=address, count=sent.seconds, mend={"address": address})
        return OutcomeCode.SELF_UNCERTAIN.at(step, words=sent.answer.text)
    if sent.found.role is Role.JUNK:
        return OutcomeCode.SELF_JUNK.at(step, folder=sent.found.folder)
    return OutcomeCode.SELF_ARRIVED.at(step, address=address, folder=sent.found.folder, count=sent.seconds)


def message_id(checked: Checked) -> StepOutcome:
    """Compares the Message-ID."""
    here, was = header_field(_arrived(checked).octets, "Message-ID"), header_field(checked.plain.octets, "Message-ID")
    if here == was:
        return OutcomeCode.ID_KEPT.at(CheckStep.MESSAGE_ID)
    return OutcomeCode.ID_REPLACED.at(CheckStep.MESSAGE_ID, sent=was, found=here[:_SHOWN] or "-")


def own_header(checked: Checked) -> StepOutcome:
    """Looks for the fields of the desk."""
    here, marks = _arrived(checked).octets, checked.marks
    if header_field(here, OWN_HEADER) != marks.bits:
        return OutcomeCode.HEADER_LOST.at(CheckStep.OWN_HEADER, field=OWN_HEADER)
    if header_field(here, CHECK_HEADER) != marks.value(CheckPart.PLAIN):
        return OutcomeCode.HEADER_LOST.at(CheckStep.OWN_HEADER, field=CHECK_HEADER)
    return OutcomeCode.HEADER_KEPT.at(CheckStep.OWN_HEADER)


def body(checked: Checked) -> StepOutcome:
    """Compares the octets of the text."""
    digest = body_digest(checked.plain.octets)
    if body_digest(_arrived(checked).octets) == digest:
        return OutcomeCode.BODY_KEPT.at(CheckStep.BODY, digest=digest)
    return OutcomeCode.BODY_CHANGED.at(CheckStep.BODY)


def results(checked: Checked) -> StepOutcome:
    """Tells whose Authentication-Results the mail bears."""
    trust, trace = checked.means.settings.desk.mailbox.trusted, read_trace(_arrived(checked).octets)
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


def plus_address(checked: Checked) -> StepOutcome:
    """Tells whether mail to a plus-address arrives, and whether anything in it still shows that address."""
    step, mailbox = CheckStep.PLUS_ADDRESS, checked.means.settings.desk.mailbox
    if not mailbox.plus_addresses:
        return OutcomeCode.PLUS_OFF.at(step)
    local, _, domain = mailbox.address.rpartition("@")
    address = f"{local}+{checked.marks.bits}@{domain}"
    sent = checked.send(CheckPart.PLUS, address)
    if not isinstance(sent.answer, Accepted) and sent.found is None:
        return OutcomeCode.PLUS_LOST.at(step, words=sent.answer.text)
    if sent.found is None:
        return OutcomeCode.PLUS_MISSING.at(step, address=address)
    shown = [value for name in ("To", "Delivered-To", "X-Original-To") for value in fields(sent.found.octets, name)]
    if any(address.lower() in value.lower() for value in shown):
        return OutcomeCode.PLUS_KEPT.at(step, address=address)
    return OutcomeCode.PLUS_STRIPPED.at(step, address=address)


def clock(checked: Checked) -> StepOutcome:
    """Compares the instant at which the server stored the mail with those at which it was sent and seen."""
    limit, sent = checked.means.settings.desk.watch.clock_skew_seconds, checked.plain
    stored = _arrived(checked).internaldate
    high = stored - sent.answer.at if isinstance(sent.answer, Accepted) else None
    off = skew(stored - sent.seen_at, high)
    seconds = int(off.total_seconds()) if off is not None else 0
    if abs(seconds) <= limit:
        return OutcomeCode.CLOCK_AGREES.at(CheckStep.CLOCK, count=abs(seconds))
    side = OnlineFinding.AHEAD() if seconds > 0 else OnlineFinding.BEHIND()
    return OutcomeCode.CLOCK_DIFFERS.at(CheckStep.CLOCK, side=side, count=abs(seconds))


def forged_mark(checked: Checked) -> StepOutcome:
    """Tells whether a forged mark survives, and keeps that; one that the server writes itself has another value."""
    step, marks = CheckStep.FORGED_MARK, checked.means.marks
    if marks is None:
        return OutcomeCode.MARK_UNASKED.at(step)
    sent = checked.send(CheckPart.FORGED, checked.means.settings.desk.mailbox.address)
    if sent.found is None:
        words = OnlineFinding.NOT_SEEN() if isinstance(sent.answer, Accepted) else sent.answer.text
        return OutcomeCode.MARK_UNKNOWN.at(step, words=words)
    survived = checked.marks.forged in fields(sent.found.octets, MARK)
    marks.record(survived=survived, message_id=checked.marks.message_id(CheckPart.FORGED, checked.domain))
    return OutcomeCode.MARK_SURVIVES.at(step, field=MARK) if survived else OutcomeCode.MARK_GONE.at(step)


def placed(checked: Checked) -> StepOutcome:
    """Plays the whole proof, which the steps after this one only read; tells whether the scratch desk opened a case."""
    means, found = checked.means, _arrived(checked)
    now, sender = means.clock.now(), f"check-{checked.marks.bits[:8]}@{checked.domain}"
    submit = OnlyOurselves(means.submitter, means.settings.desk.mailbox.address, sender, checked.marks, now)
    with means.scratch(scratch_settings(means.settings, now), submit, means.clock) as scratch:
        proof = checked.proof = play(scratch, found, submit)
        if isinstance(proof.sent, Accepted):
            proof.arrived = checked.awaited(CheckPart.ANSWER) is not None
        verify(scratch, [found], proof)
    if proof.case is None:
        return OutcomeCode.PROOF_UNPLACED.at(CheckStep.PLACED, words=proof.filed)
    return OutcomeCode.PROOF_PLACED.at(CheckStep.PLACED, case=proof.case)


def answered(checked: Checked) -> StepOutcome:
    """Tells whether the confirmation went out and arrived."""
    proof = checked.proof
    if isinstance(proof.sent, Accepted) and proof.arrived:
        address = checked.means.settings.desk.mailbox.address
        return OutcomeCode.PROOF_ANSWERED.at(CheckStep.ANSWERED, address=address)
    if proof.sent is None:
        return OutcomeCode.PROOF_UNANSWERED.at(CheckStep.ANSWERED, words=OnlineFinding.NO_RECEIPT())
    words = OnlineFinding.NOT_SEEN() if isinstance(proof.sent, Accepted) else proof.sent.text
    return OutcomeCode.PROOF_UNANSWERED.at(CheckStep.ANSWERED, words=words)


def archived(checked: Checked) -> StepOutcome:
    """Tells whether the archive gave every mail back."""
    if checked.proof.lost:
        return OutcomeCode.PROOF_UNARCHIVED.at(CheckStep.ARCHIVED, words=checked.proof.lost)
    return OutcomeCode.PROOF_ARCHIVED.at(CheckStep.ARCHIVED, count=checked.proof.mails)


def verified(checked: Checked) -> StepOutcome:
    """Tells whether the record is what its events say."""
    if checked.proof.findings:
        return OutcomeCode.PROOF_UNVERIFIED.at(CheckStep.VERIFIED, words=checked.proof.findings[:_SHOWN])
    return OutcomeCode.PROOF_VERIFIED.at(CheckStep.VERIFIED, count=checked.proof.events)


def _arrived(checked: Checked) -> Found:
    """Returns the mail to the desk's own address as it arrived; only steps that rest on its arrival ask."""
    if checked.plain.found is None:
        raise ValueError("the step rests on a mail that arrived")
    return checked.plain.found
