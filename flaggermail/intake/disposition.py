# SPDX-License-Identifier: EUPL-1.2
"""The disposition of one message: circumstances in, a decision with a named reason out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.intake.silence import Attention
from flaggermail.mail.message import MechanicalKind, NoReceipt, SenderVerdict
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.wording.filing import FilingReason
from flaggermail.wording.said import UNSAID, StoredText

_UNSURE_REFERRAL = {
    SenderVerdict.UNVERIFIED: FilingReason.REFERRAL_UNVERIFIED, SenderVerdict.FAILED: FilingReason.REFERRAL_FAILED
}  # fmt: skip
_UNSURE_CITIZEN = {
    SenderVerdict.UNVERIFIED: FilingReason.CITIZEN_UNVERIFIED,
    SenderVerdict.FAILED: FilingReason.CITIZEN_FAILED,
}
MACHINE = frozenset({MechanicalKind.BOUNCE, MechanicalKind.DELIVERED, MechanicalKind.FEEDBACK_REPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts about a mail and the findings on which its disposition is based."""

    mechanical: MechanicalKind
    kinds: frozenset[Kind]
    template: str | None
    verdict: SenderVerdict
    placed: bool
    use_placed: bool  # belongs to the exchange about a sent notification
    suggestions: bool
    from_platform: bool
    election: str | None
    declined_before: bool
    known_sender: bool
    disputed: bool
    sent_folder: bool
    junk_folder: bool
    to_channel: bool  # in Sent, with a channel's address among the recipients
    carries_referral: bool = False  # machine mail or noise, with a referral within: see triage.Carried
    says: StoredText = UNSAID  # what a platform's machine mail says besides that ours arrived
    after_receipt: bool = False  # its notification has its receipt, or it answers none
    no_receipt: NoReceipt | None = None
    to_list: bool = False  # machine mail or noise of somebody proven and known, addressed to us: see triage.Carried
    from_officer: bool = False  # in reply to a mail that was sent to an officer
    of_check: bool = False  # says that `check --online` sent it to the desk itself
    attention: Attention = Attention.TOLD  # of machine mail and noise
    carrier: StoredText = UNSAID  # who has something passed on by which service: see silence.carrier
    doubts: tuple[StoredText, ...] = ()  # why a citizen's report needs a person, see citizens.criteria


@dataclass(frozen=True, slots=True)
class Disposition:
    """Where the message is filed, and the effects."""

    place: Place
    reason: StoredText
    opens: bool = False
    confirms: bool = False
    declines: bool = False
    tells: str | None = None  # new case | unplaced mail | platform answer | further mail
    alarm: AlarmKind | None = None
    late: bool = False  # taken in long after it arrived
    from_file: bool = False  # of old mail: filed, and nothing else follows from it
    from_junk: bool = False
    listed: bool = False  # noise that the daily list names

    @property
    def quiet(self) -> bool:
        """True if it is filed without a notification."""
        return not (self.confirms or self.declines or self.tells or self.alarm)


def decide(facts: Circumstances) -> Disposition:
    """Decides about a received message."""
    if facts.sent_folder:
        return _by_a_colleague(facts)
    decision = _of_mail_received(facts)
    refers = Kind.REFERRAL in facts.kinds or facts.carries_referral
    referred = refers and facts.verdict == SenderVerdict.VERIFIED
    expected = facts.placed or facts.from_platform or referred
    decision = _from_junk(decision) if facts.junk_folder and not expected else decision
    unread = facts.attention is Attention.LISTED and not decision.from_junk
    listed = (facts.to_list or unread) and not facts.of_check and decision.place is Place.NOISE
    return replace(decision, listed=listed)


def _of_mail_received(facts: Circumstances) -> Disposition:
    spoken = facts.attention is Attention.TOLD and facts.mechanical is not MechanicalKind.BOUNCE and not facts.placed
    if facts.mechanical in MACHINE and not spoken:
        tells = "platform answer" if facts.placed and facts.says else None
        return Disposition(
            Place.CASE if facts.placed else Place.NOISE, FilingReason.MACHINE(kind=facts.mechanical), tells=tells
        )
    if facts.placed:
        return _in_its_case(facts)
    if facts.from_officer:
        sure = facts.verdict == SenderVerdict.VERIFIED and facts.mechanical is MechanicalKind.HUMAN
        return Disposition(Place.OWN if sure else Place.NOISE, FilingReason.OFFICERS_NAME())
    if facts.from_platform:
        return _quarantined(facts, FilingReason.PLATFORM_UNPLACED())
    if facts.mechanical is not MechanicalKind.HUMAN or Kind.NOISE in facts.kinds:
        return _by_no_person(facts)
    if Kind.REFERRAL in facts.kinds:
        return _referral(facts)
    if Kind.CITIZEN_REPORT in facts.kinds:
        return _citizen(facts)
    return _quarantined(facts, facts.carrier or FilingReason.UNKNOWN())


def _by_no_person(facts: Circumstances) -> Disposition:
    if facts.carries_referral and not facts.declined_before:
        return _quarantined(facts, FilingReason.CARRIES_REFERRAL())
    if facts.of_check:
        return Disposition(Place.NOISE, FilingReason.OWN_CHECK())
    if facts.attention is Attention.TOLD:
        reason = FilingReason.DECLINED_BEFORE() if facts.declined_before else facts.carrier or FilingReason.UNKNOWN()
        return _quarantined(facts, reason)
    # an out-of-office reply of a declined citizen must not be stored under their address
    return Disposition(Place.DECLINED if facts.declined_before else Place.NOISE, FilingReason.NOBODY_WROTE())


def of_old_mail(decision: Disposition, *, from_file: bool = False) -> Disposition:
    """Returns the decision for mail taken in late, or found in a file: filed in the same way, without notifications.

    A backlog after an outage would otherwise send a confirmation, a decline or a notice for each old mail; one digest
    lists what was missed instead.
    """
    # A citizen who was not told is not declined, and a referral of the years before opens nothing today.
    waits = decision.declines or (from_file and decision.opens)
    return Disposition(
        place=Place.QUARANTINE if waits else decision.place,
        reason=decision.reason if from_file else FilingReason.LATE(reason=decision.reason),
        opens=decision.opens and not waits,
        late=True,
        from_file=from_file,
        from_junk=decision.from_junk,
        listed=decision.listed and not from_file,
    )


def _from_junk(decision: Disposition) -> Disposition:
    """Returns the decision for unexpected mail from the junk folder: listed in quarantine, without notifications."""
    place = Place.QUARANTINE if decision.declines else decision.place
    return Disposition(place, FilingReason.JUNK(reason=decision.reason), from_junk=True)


def _by_a_colleague(facts: Circumstances) -> Disposition:
    """Decides about mail in Sent that we did not send: a colleague typed it; it starts and stops no clock by itself."""
    if facts.to_channel and not facts.use_placed:
        return Disposition(Place.QUARANTINE, FilingReason.TYPED_TO_CHANNEL(), alarm=AlarmKind.UNREGISTERED_USE)
    if facts.placed:
        return Disposition(Place.CASE, FilingReason.COLLEAGUE_IN_CASE())
    return Disposition(Place.NOISE, FilingReason.COLLEAGUE())


def _in_its_case(facts: Circumstances) -> Disposition:
    if facts.from_platform and facts.verdict == SenderVerdict.FAILED:
        return Disposition(Place.CASE, FilingReason.FAILED(), tells=None, alarm=AlarmKind.FORGED)
    if facts.from_platform and facts.verdict != SenderVerdict.VERIFIED:
        return Disposition(Place.CASE, FilingReason.UNVERIFIED(), tells="platform answer")
    if facts.disputed:
        return Disposition(Place.CASE, FilingReason.ARRIVAL_DISPUTED(), tells="platform answer")
    if facts.from_platform and facts.no_receipt is NoReceipt.UNREAD:
        return Disposition(Place.CASE, FilingReason.IN_CASE(), alarm=AlarmKind.DELETED_UNREAD)
    # No list of words decides whether anybody hears: after the first receipt each mail of a platform is told.
    if facts.says or (facts.from_platform and facts.after_receipt):
        return Disposition(Place.CASE, FilingReason.IN_CASE(), tells="platform answer")
    quiet = facts.mechanical is not MechanicalKind.HUMAN and (
        facts.from_platform or facts.attention is not Attention.TOLD
    )
    if quiet or Kind.OFFICER_REPLY in facts.kinds:
        return Disposition(Place.CASE, FilingReason.IN_CASE())
    return Disposition(
        Place.CASE, FilingReason.IN_CASE(), tells="platform answer" if facts.from_platform else "further mail"
    )


def _referral(facts: Circumstances) -> Disposition:
    if facts.verdict != SenderVerdict.VERIFIED:
        return _quarantined(facts, _UNSURE_REFERRAL[facts.verdict]())
    if facts.suggestions:
        return _quarantined(facts, FilingReason.MAY_BELONG())
    if facts.election is None:
        return _quarantined(facts, FilingReason.NO_ELECTION())
    return Disposition(
        Place.CASE, FilingReason.REFERRAL(), opens=True, confirms=facts.template is not None, tells="new case"
    )


def _citizen(facts: Circumstances) -> Disposition:
    if facts.declined_before:
        return _quarantined(facts, FilingReason.DECLINED_BEFORE())
    if facts.verdict != SenderVerdict.VERIFIED:
        return _quarantined(facts, _UNSURE_CITIZEN[facts.verdict]())
    if facts.template is None or facts.known_sender or facts.election is None:
        return _quarantined(facts, FilingReason.CITIZEN_TO_JUDGE())
    if facts.doubts:
        return _quarantined(facts, FilingReason.CITIZEN_IN_DOUBT(doubts=facts.doubts))
    return Disposition(Place.DECLINED, FilingReason.CITIZEN(), declines=True)


def _quarantined(facts: Circumstances, reason: StoredText) -> Disposition:
    alarm = AlarmKind.FORGED if facts.verdict == SenderVerdict.FAILED and facts.from_platform else None
    return Disposition(Place.QUARANTINE, reason, tells=None if alarm else "unplaced mail", alarm=alarm)
