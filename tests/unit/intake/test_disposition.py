# SPDX-License-Identifier: EUPL-1.2
"""The disposition of a message for every combination of facts about it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.intake.disposition import MACHINE, Circumstances, Disposition, decide
from flaggermail.intake.silence import Attention
from flaggermail.mail.message import MechanicalKind, NoReceipt, SenderVerdict
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.wording.filing import CitizenDoubt, FilingReason, MachineStatement
from tests.corpus import each

HUMAN, AUTO, BOUNCE = MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY, MechanicalKind.BOUNCE
STRANGER = Circumstances(
    mechanical=HUMAN, kinds=frozenset({Kind.UNKNOWN}), template=None, verdict=SenderVerdict.VERIFIED, placed=False,
    use_placed=False, suggestions=False, from_platform=False, election="EP2024", declined_before=False,
    known_sender=False, disputed=False, sent_folder=False, junk_folder=False, to_channel=False,
)  # fmt: skip
ANSWER = replace(
    STRANGER, kinds=frozenset({Kind.PLATFORM_ACK}), placed=True, use_placed=True, from_platform=True, known_sender=True
)
REFERRAL = replace(STRANGER, kinds=frozenset({Kind.REFERRAL}), template="intake_confirmation")
CITIZEN = replace(STRANGER, kinds=frozenset({Kind.CITIZEN_REPORT}), template="decline")
SENT = replace(STRANGER, sent_folder=True)
QUIET = replace(STRANGER, attention=Attention.NONE)  # machine mail that is seen to say nothing

NO_CASE = FilingReason.PLATFORM_UNPLACED()
TABLE: list[tuple[str, Circumstances, Disposition]] = [
    # mail in the Junk folder
    (
        "a stranger's mail in Junk",
        replace(STRANGER, junk_folder=True),
        Disposition(Place.QUARANTINE, FilingReason.JUNK(reason=FilingReason.UNKNOWN()), from_junk=True),
    ),
    (
        "a citizen's report in Junk is answered by nobody",
        replace(CITIZEN, junk_folder=True),
        Disposition(Place.QUARANTINE, FilingReason.JUNK(reason=FilingReason.CITIZEN()), from_junk=True),
    ),
    (
        "noise in Junk",
        replace(QUIET, kinds=frozenset({Kind.NOISE}), junk_folder=True),
        Disposition(Place.NOISE, FilingReason.JUNK(reason=FilingReason.NOBODY_WROTE()), from_junk=True),
    ),
    (
        "a referral in Junk whose sender is verified",
        replace(REFERRAL, junk_folder=True),
        Disposition(Place.CASE, FilingReason.REFERRAL(), opens=True, confirms=True, tells="new case"),
    ),
    (
        "a platform's answer in Junk",
        replace(ANSWER, junk_folder=True),
        Disposition(Place.CASE, FilingReason.IN_CASE(), tells="platform answer"),
    ),
    (
        "a platform's mail in Junk that fits no case",
        replace(STRANGER, from_platform=True, junk_folder=True),
        Disposition(Place.QUARANTINE, NO_CASE, tells="unplaced mail"),
    ),
    # mail in Sent, typed by a colleague
    (
        "typed to a channel",
        replace(SENT, to_channel=True),
        Disposition(Place.QUARANTINE, FilingReason.TYPED_TO_CHANNEL(), alarm=AlarmKind.UNREGISTERED_USE),
    ),
    (
        "typed to a channel in a case without a use",
        replace(SENT, to_channel=True, placed=True),
        Disposition(Place.QUARANTINE, FilingReason.TYPED_TO_CHANNEL(), alarm=AlarmKind.UNREGISTERED_USE),
    ),
    (
        "typed further in an exchange that runs",
        replace(SENT, to_channel=True, placed=True, use_placed=True),
        Disposition(Place.CASE, FilingReason.COLLEAGUE_IN_CASE()),
    ),
    ("typed to a referrer", replace(SENT, placed=True), Disposition(Place.CASE, FilingReason.COLLEAGUE_IN_CASE())),
    ("typed to anybody", SENT, Disposition(Place.NOISE, FilingReason.COLLEAGUE())),
    # machines
    (
        "bounce in its case",
        replace(ANSWER, mechanical=BOUNCE),
        Disposition(Place.CASE, FilingReason.MACHINE(kind="bounce")),
    ),
    (
        "bounce of nothing",
        replace(STRANGER, mechanical=BOUNCE),
        Disposition(Place.NOISE, FilingReason.MACHINE(kind="bounce")),
    ),
    (
        "delivery report",
        replace(ANSWER, mechanical=MechanicalKind.DELIVERED),
        Disposition(Place.CASE, FilingReason.MACHINE(kind="delivered")),
    ),
    (
        "complaint",
        replace(QUIET, mechanical=MechanicalKind.FEEDBACK_REPORT),
        Disposition(Place.NOISE, FilingReason.MACHINE(kind="feedback-report")),
    ),
    (
        "absence of anybody",
        replace(QUIET, mechanical=AUTO),
        Disposition(Place.NOISE, FilingReason.NOBODY_WROTE()),
    ),
    (
        "mail of a check of the servers, of an own domain that is on a list",
        replace(STRANGER, mechanical=AUTO, of_check=True, to_list=True),
        Disposition(Place.NOISE, FilingReason.OWN_CHECK()),
    ),
    (
        "machine mail that says so and carries a referral",
        replace(STRANGER, mechanical=AUTO, of_check=True, carries_referral=True),
        Disposition(Place.QUARANTINE, FilingReason.CARRIES_REFERRAL(), tells="unplaced mail"),
    ),
    (
        "a person's mail that says so",
        replace(STRANGER, of_check=True),
        Disposition(Place.QUARANTINE, FilingReason.UNKNOWN(), tells="unplaced mail"),
    ),
    (
        "machine mail that carries a referral",
        replace(STRANGER, mechanical=AUTO, carries_referral=True),
        Disposition(Place.QUARANTINE, FilingReason.CARRIES_REFERRAL(), tells="unplaced mail"),
    ),
    (
        "an authority's noise addressed to us",
        replace(QUIET, kinds=frozenset({Kind.NOISE}), to_list=True),
        Disposition(Place.NOISE, FilingReason.NOBODY_WROTE(), listed=True),
    ),
    (
        "an authority's noise in Junk",
        replace(QUIET, mechanical=AUTO, to_list=True, junk_folder=True),
        Disposition(Place.NOISE, FilingReason.JUNK(reason=FilingReason.NOBODY_WROTE()), from_junk=True, listed=True),
    ),
    (
        "a service's mail that answers nothing",
        replace(STRANGER, mechanical=AUTO, carrier=FilingReason.BY_MACHINE(service="Kluis")),
        Disposition(Place.QUARANTINE, FilingReason.BY_MACHINE(service="Kluis"), tells="unplaced mail"),
    ),
    (
        "a mailing of a stranger",
        replace(QUIET, kinds=frozenset({Kind.NOISE}), attention=Attention.LISTED),
        Disposition(Place.NOISE, FilingReason.NOBODY_WROTE(), listed=True),
    ),
    (
        "a complaint with words on a matter",
        replace(STRANGER, mechanical=MechanicalKind.FEEDBACK_REPORT),
        Disposition(Place.QUARANTINE, FilingReason.UNKNOWN(), tells="unplaced mail"),
    ),
    (
        "a declined citizen's machine that says more",
        replace(STRANGER, mechanical=AUTO, declined_before=True),
        Disposition(Place.QUARANTINE, FilingReason.DECLINED_BEFORE(), tells="unplaced mail"),
    ),
    (
        "absence of a declined citizen that shows a referral",
        replace(QUIET, mechanical=AUTO, declined_before=True, carries_referral=True),
        Disposition(Place.DECLINED, FilingReason.NOBODY_WROTE()),
    ),
    # a platform
    ("answer", ANSWER, Disposition(Place.CASE, FilingReason.IN_CASE(), tells="platform answer")),
    ("receipt by a machine", replace(ANSWER, mechanical=AUTO), Disposition(Place.CASE, FilingReason.IN_CASE())),
    (
        "result told by a machine",
        replace(ANSWER, mechanical=AUTO, says=MachineStatement.ANSWER()),
        Disposition(Place.CASE, FilingReason.IN_CASE(), tells="platform answer"),
    ),
    (
        "absence of a person at a platform",
        replace(ANSWER, mechanical=AUTO, says=MachineStatement.ABSENCE(), no_receipt=NoReceipt.ABSENCE),
        Disposition(Place.CASE, FilingReason.IN_CASE(), tells="platform answer"),
    ),
    (
        "mail of ours deleted unread",
        replace(ANSWER, mechanical=AUTO, says=MachineStatement.UNREAD(), no_receipt=NoReceipt.UNREAD),
        Disposition(Place.CASE, FilingReason.IN_CASE(), alarm=AlarmKind.DELETED_UNREAD),
    ),
    (
        "mail of ours deleted unread, says somebody nobody vouches for",
        replace(
            ANSWER,
            mechanical=AUTO,
            says=MachineStatement.UNREAD(),
            no_receipt=NoReceipt.UNREAD,
            verdict=SenderVerdict.UNVERIFIED,
        ),
        Disposition(Place.CASE, FilingReason.UNVERIFIED(), tells="platform answer"),
    ),
    (
        "complaint about our mail in a case",
        replace(ANSWER, mechanical=MechanicalKind.FEEDBACK_REPORT, says=MachineStatement.REPORT()),
        Disposition(Place.CASE, FilingReason.MACHINE(kind=MechanicalKind.FEEDBACK_REPORT), tells="platform answer"),
    ),
    (
        "answer nobody vouches for",
        replace(ANSWER, verdict=SenderVerdict.UNVERIFIED),
        Disposition(Place.CASE, FilingReason.UNVERIFIED(), tells="platform answer"),
    ),
    (
        "answer that failed the check",
        replace(ANSWER, verdict=SenderVerdict.FAILED),
        Disposition(Place.CASE, FilingReason.FAILED(), alarm=AlarmKind.FORGED),
    ),
    (
        "answer whose arrival is disputed",
        replace(ANSWER, disputed=True),
        Disposition(Place.CASE, FilingReason.ARRIVAL_DISPUTED(), tells="platform answer"),
    ),
    (
        "platform without a case",
        replace(ANSWER, placed=False, use_placed=False, suggestions=True),
        Disposition(Place.QUARANTINE, NO_CASE, tells="unplaced mail"),
    ),
    (
        "forged platform without a case",
        replace(ANSWER, placed=False, use_placed=False, verdict=SenderVerdict.FAILED),
        Disposition(Place.QUARANTINE, NO_CASE, alarm=AlarmKind.FORGED),
    ),
    (
        "machine of a platform without a case",
        replace(ANSWER, placed=False, use_placed=False, mechanical=AUTO),
        Disposition(Place.QUARANTINE, NO_CASE, tells="unplaced mail"),
    ),
    # other people's mail in their case
    (
        "referrer adds",
        replace(REFERRAL, placed=True, template=None),
        Disposition(Place.CASE, FilingReason.IN_CASE(), tells="further mail"),
    ),
    (
        "officer in a case",
        replace(STRANGER, placed=True, kinds=frozenset({Kind.OFFICER_REPLY})),
        Disposition(Place.CASE, FilingReason.IN_CASE()),
    ),
    (
        "disputed addition",
        replace(REFERRAL, placed=True, disputed=True),
        Disposition(Place.CASE, FilingReason.ARRIVAL_DISPUTED(), tells="platform answer"),
    ),
    # referrals
    (
        "referral",
        REFERRAL,
        Disposition(Place.CASE, FilingReason.REFERRAL(), opens=True, confirms=True, tells="new case"),
    ),
    (
        "referral of an officer",
        replace(REFERRAL, template=None),
        Disposition(Place.CASE, FilingReason.REFERRAL(), opens=True, confirms=False, tells="new case"),
    ),
    (
        "unverified referral",
        replace(REFERRAL, verdict=SenderVerdict.UNVERIFIED),
        Disposition(Place.QUARANTINE, FilingReason.REFERRAL_UNVERIFIED(), tells="unplaced mail"),
    ),
    (
        "forged referral",
        replace(REFERRAL, verdict=SenderVerdict.FAILED),
        Disposition(Place.QUARANTINE, FilingReason.REFERRAL_FAILED(), tells="unplaced mail"),
    ),
    (
        "referral that may belong to a case",
        replace(REFERRAL, suggestions=True),
        Disposition(Place.QUARANTINE, FilingReason.MAY_BELONG(), tells="unplaced mail"),
    ),
    (
        "referral outside every election",
        replace(REFERRAL, election=None),
        Disposition(Place.QUARANTINE, FilingReason.NO_ELECTION(), tells="unplaced mail"),
    ),
    # citizens
    ("citizen", CITIZEN, Disposition(Place.DECLINED, FilingReason.CITIZEN(), declines=True)),
    (
        "citizen who was declined",
        replace(CITIZEN, declined_before=True),
        Disposition(Place.QUARANTINE, FilingReason.DECLINED_BEFORE(), tells="unplaced mail"),
    ),
    (
        "citizen of whom the program has doubts",
        replace(CITIZEN, doubts=(CitizenDoubt.FORWARD(), CitizenDoubt.ATTACHMENT())),
        Disposition(
            Place.QUARANTINE,
            FilingReason.CITIZEN_IN_DOUBT(doubts=(CitizenDoubt.FORWARD(), CitizenDoubt.ATTACHMENT())),
            tells="unplaced mail",
        ),
    ),
    (
        "machine of a citizen who was declined",
        replace(QUIET, mechanical=AUTO, declined_before=True),
        Disposition(Place.DECLINED, FilingReason.NOBODY_WROTE()),
    ),
    (
        "unverified citizen",
        replace(CITIZEN, verdict=SenderVerdict.UNVERIFIED),
        Disposition(Place.QUARANTINE, FilingReason.CITIZEN_UNVERIFIED(), tells="unplaced mail"),
    ),
    *(
        (
            f"citizen, doubtful: {name}",
            replace(CITIZEN, **doubt),
            Disposition(Place.QUARANTINE, FilingReason.CITIZEN_TO_JUDGE(), tells="unplaced mail"),
        )
        for name, doubt in (
            ("no template", {"template": None}),
            ("known sender", {"known_sender": True}),
            ("no election", {"election": None}),
        )
    ),
    # the rest
    (
        "newsletter",
        replace(QUIET, kinds=frozenset({Kind.NOISE})),
        Disposition(Place.NOISE, FilingReason.NOBODY_WROTE()),
    ),
    ("stranger", STRANGER, Disposition(Place.QUARANTINE, FilingReason.UNKNOWN(), tells="unplaced mail")),
    (
        "officer's note outside a case",
        replace(STRANGER, kinds=frozenset({Kind.OFFICER_REPLY})),
        Disposition(Place.QUARANTINE, FilingReason.UNKNOWN(), tells="unplaced mail"),
    ),
]


@each(("facts", "decision"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decision(facts: Circumstances, decision: Disposition) -> None:
    """Each situation has one decision, with the reason that is stored."""
    assert decide(facts) == decision


ALL_FACTS = st.builds(
    Circumstances,
    mechanical=st.sampled_from(MechanicalKind),
    kinds=st.frozensets(st.sampled_from(Kind), min_size=1, max_size=2),
    template=st.sampled_from([None, "intake_confirmation", "decline"]),
    verdict=st.sampled_from(["verified", "unverified", "failed"]),
    placed=st.booleans(),
    use_placed=st.booleans(),
    suggestions=st.booleans(),
    from_platform=st.booleans(),
    election=st.sampled_from([None, "EP2024"]),
    declined_before=st.booleans(),
    known_sender=st.booleans(),
    disputed=st.booleans(),
    sent_folder=st.booleans(),
    junk_folder=st.booleans(),
    to_channel=st.booleans(),
)


@given(ALL_FACTS)
def test_every_message_ends_somewhere_with_a_reason(facts: Circumstances) -> None:
    """Every message goes to a case, the quarantine, the declined mail or the noise bin, with a reason."""
    decision = decide(facts)
    assert decision.place in {"case", "quarantine", "noise", "declined"}
    assert decision.reason
    if decision.place == "quarantine" and not decision.from_junk:
        assert decision.tells or decision.alarm


@given(ALL_FACTS)
def test_only_strangers_mail_is_left_in_junk(facts: Circumstances) -> None:
    """Only a stranger's mail stays in Junk; all other mail is treated as in the inbox."""
    decision = decide(facts)
    if decision.from_junk:
        assert facts.junk_folder
        assert not any((facts.placed, facts.from_platform))
        assert not decision.opens
        assert decision.quiet
    else:
        assert decision == decide(replace(facts, junk_folder=False))


@given(ALL_FACTS)
def test_nothing_is_answered_or_opened_for_a_sender_nobody_vouches_for(facts: Circumstances) -> None:
    """An unverified sender gets no confirmation, no decline and no case."""
    decision = decide(facts)
    if facts.verdict != "verified":
        assert {decision.confirms, decision.declines, decision.opens} == {False}


@given(ALL_FACTS)
def test_no_machine_no_platform_and_no_colleague_is_answered(facts: Circumstances) -> None:
    """Machines, platforms, colleagues and mail in a case get no confirmation, no decline and no new case."""
    decision = decide(facts)
    machine = facts.mechanical in MACHINE or facts.mechanical is MechanicalKind.AUTO_REPLY
    if machine or facts.from_platform or facts.sent_folder or facts.placed:
        assert {decision.confirms, decision.declines, decision.opens} == {False}


@given(ALL_FACTS)
def test_a_case_is_only_where_one_is_there_or_opened(facts: Circumstances) -> None:
    """A message is filed in a case only if it was matched to it or opens it; only an opened case is confirmed."""
    decision = decide(facts)
    if decision.place == "case":
        assert facts.placed or decision.opens
    assert not decision.confirms or decision.opens
    assert not (decision.declines and decision.opens)


@given(ALL_FACTS)
def test_platforms_mail_that_failed_the_check_raises_an_alarm(facts: Circumstances) -> None:
    """Mail from a platform that fails the check raises an alarm, except machine reports and our own copies."""
    if facts.from_platform and facts.verdict == "failed" and not facts.sent_folder and facts.mechanical not in MACHINE:
        assert decide(facts).alarm == "forged"
