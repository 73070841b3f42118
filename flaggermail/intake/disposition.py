# SPDX-License-Identifier: EUPL-1.2
"""The disposition of one message: facts in, a decision with a named reason out."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.mail.message import MechanicalKind
from flaggermail.record.alarms import AlarmKind
from flaggermail.record.kinds import Kind
from flaggermail.record.states import IN_JUNK

MACHINE = frozenset({MechanicalKind.BOUNCE, MechanicalKind.DELIVERED, MechanicalKind.FEEDBACK_REPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts on which the decision is based."""

    mechanical: MechanicalKind
    kinds: frozenset[Kind]
    template: str | None
    verdict: str
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
    from_officer: bool = False  # in reply to a mail that was sent to an officer
    doubts: tuple[str, ...] = ()  # why a citizen's report needs a person, see citizens.criteria


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the message is filed, and the effects."""

    place: str  # case | quarantine | noise | declined
    reason: str
    opens: bool = False
    confirms: bool = False
    declines: bool = False
    tells: str | None = None  # new case | unplaced mail | platform answer | further mail
    alarm: AlarmKind | None = None
    late: bool = False  # taken in long after it arrived

    @property
    def quiet(self) -> bool:
        """True if nobody is notified of it."""
        return not (self.confirms or self.declines or self.tells or self.alarm)


def decide(facts: Facts) -> Decision:
    """Decides about a received message."""
    if facts.sent_folder:
        return _by_a_colleague(facts)
    decision = _of_mail_received(facts)
    referred = Kind.REFERRAL in facts.kinds and facts.verdict == "verified"
    expected = facts.placed or facts.from_platform or referred
    return _from_junk(decision) if facts.junk_folder and not expected else decision


def _of_mail_received(facts: Facts) -> Decision:
    if facts.mechanical in MACHINE:
        return Decision("case" if facts.placed else "noise", f"machine mail: {facts.mechanical}")
    if facts.placed:
        return _in_its_case(facts)
    if facts.from_officer:
        sure = facts.verdict == "verified" and facts.mechanical is MechanicalKind.HUMAN
        return Decision("own" if sure else "noise", "in an officer's name, in answer to a mail about no case")
    if facts.from_platform:
        return _quarantined(facts, "a platform's mail that fits no case")
    if facts.mechanical is MechanicalKind.AUTO_REPLY or Kind.NOISE in facts.kinds:
        # an out-of-office reply of a declined citizen must not be stored under their address
        return Decision("declined" if facts.declined_before else "noise", "nobody wrote it for the desk")
    if Kind.REFERRAL in facts.kinds:
        return _referral(facts)
    if Kind.CITIZEN_REPORT in facts.kinds:
        return _citizen(facts)
    return _quarantined(facts, "no rule knows what it is")


def of_old_mail(decision: Decision) -> Decision:
    """Returns the decision for mail taken in late: filed in the same way, without notifications.

    A backlog after an outage would otherwise send a confirmation, a decline or a notice for each old mail; one digest
    lists what was missed instead.
    """
    place = "quarantine" if decision.declines else decision.place  # a citizen who was not told is not declined
    return Decision(place, f"{decision.reason}; taken in late", opens=decision.opens, late=True)


def _from_junk(decision: Decision) -> Decision:
    """Returns the decision for unexpected mail from the junk folder: listed in quarantine, without notifications."""
    place = "quarantine" if decision.declines else decision.place
    return Decision(place, f"{decision.reason}{IN_JUNK}")


def _by_a_colleague(facts: Facts) -> Decision:
    """Decides about mail in Sent that we did not send: a colleague typed it; it starts and stops no clock by itself."""
    if facts.to_channel and not facts.use_placed:
        return Decision(
            "quarantine", "possible unregistered use: typed by hand to a channel", alarm=AlarmKind.UNREGISTERED_USE
        )
    if facts.placed:
        return Decision("case", "sent by a colleague in this case")
    return Decision("noise", "sent by a colleague, belongs to no case")


def _in_its_case(facts: Facts) -> Decision:
    if facts.from_platform and facts.verdict == "failed":
        return Decision(
            "case", "filed; the sender failed the check and stops nothing", tells=None, alarm=AlarmKind.FORGED
        )
    if facts.from_platform and facts.verdict != "verified":
        return Decision("case", "filed; unverified, stops nothing until a person confirms it", tells="platform answer")
    if facts.disputed:
        return Decision("case", "filed; its arrival is disputed and needs a person", tells="platform answer")
    if facts.mechanical is not MechanicalKind.HUMAN or Kind.OFFICER_REPLY in facts.kinds:
        return Decision("case", "filed in its case")
    return Decision("case", "filed in its case", tells="platform answer" if facts.from_platform else "further mail")


def _referral(facts: Facts) -> Decision:
    if facts.verdict != "verified":
        return _quarantined(facts, f"looks like a referral, but its sender is {facts.verdict}")
    if facts.suggestions:
        return _quarantined(facts, "may belong to a case that is there")
    if facts.election is None:
        return _quarantined(facts, "looks like a referral, but no election is open")
    return Decision("case", "a referral", opens=True, confirms=facts.template is not None, tells="new case")


def _citizen(facts: Facts) -> Decision:
    if facts.declined_before:
        return _quarantined(facts, "this sender was declined in this period")
    if facts.verdict != "verified":
        return _quarantined(facts, f"looks like a citizen's report, but its sender is {facts.verdict}")
    if facts.template is None or facts.known_sender or facts.election is None:
        return _quarantined(facts, "looks like a citizen's report: a person decides")
    if facts.doubts:
        return _quarantined(facts, f"looks like a citizen's report: {', '.join(facts.doubts)}; a person decides")
    return Decision("declined", "a citizen's report about a single post", declines=True)


def _quarantined(facts: Facts, reason: str) -> Decision:
    alarm = AlarmKind.FORGED if facts.verdict == "failed" and facts.from_platform else None
    return Decision("quarantine", reason, tells=None if alarm else "unplaced mail", alarm=alarm)
