# SPDX-License-Identifier: EUPL-1.2
"""The disposition of one message: facts in, a decision with a named reason out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.mail.message import MechanicalKind, SenderVerdict
from flaggermail.record.alarms import AlarmKind
from flaggermail.record.kinds import Kind, Place

IN_JUNK = "; in the junk folder"
MACHINE = frozenset({MechanicalKind.BOUNCE, MechanicalKind.DELIVERED, MechanicalKind.FEEDBACK_REPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts on which the decision is based."""

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
    carries_referral: bool = False  # machine mail or noise, with a referral within: see intake.carried
    from_authority: bool = False  # machine mail or noise of a proven authority, addressed to us
    from_officer: bool = False  # in reply to a mail that was sent to an officer
    doubts: tuple[str, ...] = ()  # why a citizen's report needs a person, see citizens.criteria


@dataclass(frozen=True, slots=True)
class Disposition:
    """Where the message is filed, and the effects."""

    place: Place
    reason: str
    opens: bool = False
    confirms: bool = False
    declines: bool = False
    tells: str | None = None  # new case | unplaced mail | platform answer | further mail
    alarm: AlarmKind | None = None
    late: bool = False  # taken in long after it arrived
    from_junk: bool = False
    listed: bool = False  # noise that the daily list names

    @property
    def quiet(self) -> bool:
        """True if nobody is notified of it."""
        return not (self.confirms or self.declines or self.tells or self.alarm)


def decide(facts: Facts) -> Disposition:
    """Decides about a received message."""
    if facts.sent_folder:
        return _by_a_colleague(facts)
    decision = _of_mail_received(facts)
    refers = Kind.REFERRAL in facts.kinds or facts.carries_referral
    referred = refers and facts.verdict == SenderVerdict.VERIFIED
    expected = facts.placed or facts.from_platform or referred
    decision = _from_junk(decision) if facts.junk_folder and not expected else decision
    return replace(decision, listed=facts.from_authority and decision.place is Place.NOISE)


def _of_mail_received(facts: Facts) -> Disposition:
    if facts.mechanical in MACHINE:
        return Disposition(Place.CASE if facts.placed else Place.NOISE, f"machine mail: {facts.mechanical}")
    if facts.placed:
        return _in_its_case(facts)
    if facts.from_officer:
        sure = facts.verdict == SenderVerdict.VERIFIED and facts.mechanical is MechanicalKind.HUMAN
        return Disposition(
            Place.OWN if sure else Place.NOISE, "in an officer's name, in answer to a mail about no case"
        )
    if facts.from_platform:
        return _quarantined(facts, "a platform's mail that fits no case")
    if facts.mechanical is MechanicalKind.AUTO_REPLY or Kind.NOISE in facts.kinds:
        return _by_no_person(facts)
    if Kind.REFERRAL in facts.kinds:
        return _referral(facts)
    if Kind.CITIZEN_REPORT in facts.kinds:
        return _citizen(facts)
    return _quarantined(facts, "no rule knows what it is")


def _by_no_person(facts: Facts) -> Disposition:
    if facts.carries_referral and not facts.declined_before:
        return _quarantined(facts, "machine mail that carries a referral")
    # an out-of-office reply of a declined citizen must not be stored under their address
    return Disposition(Place.DECLINED if facts.declined_before else Place.NOISE, "nobody wrote it for the desk")


def of_old_mail(decision: Disposition) -> Disposition:
    """Returns the decision for mail taken in late: filed in the same way, without notifications.

    A backlog after an outage would otherwise send a confirmation, a decline or a notice for each old mail; one digest
    lists what was missed instead.
    """
    place = Place.QUARANTINE if decision.declines else decision.place  # a citizen who was not told is not declined
    return Disposition(
        place, f"{decision.reason}; taken in late", opens=decision.opens, late=True, from_junk=decision.from_junk,
        listed=decision.listed,
    )  # fmt: skip


def _from_junk(decision: Disposition) -> Disposition:
    """Returns the decision for unexpected mail from the junk folder: listed in quarantine, without notifications."""
    place = Place.QUARANTINE if decision.declines else decision.place
    return Disposition(place, f"{decision.reason}{IN_JUNK}", from_junk=True)


def _by_a_colleague(facts: Facts) -> Disposition:
    """Decides about mail in Sent that we did not send: a colleague typed it; it starts and stops no clock by itself."""
    if facts.to_channel and not facts.use_placed:
        return Disposition(
            Place.QUARANTINE, "possible unregistered use: typed by hand to a channel", alarm=AlarmKind.UNREGISTERED_USE
        )
    if facts.placed:
        return Disposition(Place.CASE, "sent by a colleague in this case")
    return Disposition(Place.NOISE, "sent by a colleague, belongs to no case")


def _in_its_case(facts: Facts) -> Disposition:
    if facts.from_platform and facts.verdict == SenderVerdict.FAILED:
        return Disposition(
            Place.CASE, "filed; the sender failed the check and stops nothing", tells=None, alarm=AlarmKind.FORGED
        )
    if facts.from_platform and facts.verdict != SenderVerdict.VERIFIED:
        return Disposition(
            Place.CASE, "filed; unverified, stops nothing until a person confirms it", tells="platform answer"
        )
    if facts.disputed:
        return Disposition(Place.CASE, "filed; its arrival is disputed and needs a person", tells="platform answer")
    if facts.mechanical is not MechanicalKind.HUMAN or Kind.OFFICER_REPLY in facts.kinds:
        return Disposition(Place.CASE, "filed in its case")
    return Disposition(
        Place.CASE, "filed in its case", tells="platform answer" if facts.from_platform else "further mail"
    )


def _referral(facts: Facts) -> Disposition:
    if facts.verdict != SenderVerdict.VERIFIED:
        return _quarantined(facts, f"looks like a referral, but its sender is {facts.verdict}")
    if facts.suggestions:
        return _quarantined(facts, "may belong to a case that is there")
    if facts.election is None:
        return _quarantined(facts, "looks like a referral, but no election is open")
    return Disposition(Place.CASE, "a referral", opens=True, confirms=facts.template is not None, tells="new case")


def _citizen(facts: Facts) -> Disposition:
    if facts.declined_before:
        return _quarantined(facts, "this sender was declined in this period")
    if facts.verdict != SenderVerdict.VERIFIED:
        return _quarantined(facts, f"looks like a citizen's report, but its sender is {facts.verdict}")
    if facts.template is None or facts.known_sender or facts.election is None:
        return _quarantined(facts, "looks like a citizen's report: a person decides")
    if facts.doubts:
        return _quarantined(facts, f"looks like a citizen's report: {', '.join(facts.doubts)}; a person decides")
    return Disposition(Place.DECLINED, "a citizen's report about a single post", declines=True)


def _quarantined(facts: Facts, reason: str) -> Disposition:
    alarm = AlarmKind.FORGED if facts.verdict == SenderVerdict.FAILED and facts.from_platform else None
    return Disposition(Place.QUARANTINE, reason, tells=None if alarm else "unplaced mail", alarm=alarm)
