# SPDX-License-Identifier: EUPL-1.2
"""The referrer is informed of a decision once, with reason and advice, and again only if it changes.

That a platform was asked they hear after the sending.
"""

from __future__ import annotations

import pytest

from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.files.templates import read_words
from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase, ReclassifyCase
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.notify import Draft
from flaggermail.errors import ArchiveFailure
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, DeclineReason, Origin
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.shipped import shipped
from tests.acting import warned
from tests.store.desk_fixtures import OFFICER, REFERRER, X_CHANNEL, Desk, mail

WORDS = read_words(shipped("config") / "templates" / "words.yaml")
CHANGED = {"nl": "besluit is gewijzigd", "en": "decision is changed"}


def speaking(desk: Desk, language: str) -> Desk:
    """Returns the desk writing to referrers in that language."""
    settings = desk.env.settings
    organisation = settings.desk.organisation.model_copy(update={"language": language})
    told = settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": organisation})})
    return desk.with_settings(told)


def referred(desk: Desk) -> str:
    """Returns an assessed case from a referral, and clears the mail sent until then."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    desk.do(Assess(case=number, incorrect=True, criteria=(1,)))
    desk.settle()
    desk.server.envelopes.clear()
    return number


def heard(desk: Desk) -> list[str]:
    """Settles once; returns the mails to the referrer as flowing text."""
    desk.settle()
    octets = [envelope.octets for envelope in desk.server.to(REFERRER)]
    return [" ".join(desk.env.parser.parse(one).text.split()) for one in octets]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("ground", list(DeclineReason))
def test_each_reason_of_a_decline_is_told_with_what_can_be_done(desk: Desk, language: str, ground: str) -> None:
    """One mail contains the listed reason, the officer's words and the advice; the reason is recorded."""
    number = referred(speaking(desk, language))
    desk.do(
        Decide(case=number, decision=Decision.DECLINE, ground=DeclineReason(ground), reason="Woorden erbij."), "weigher"
    )
    (text,) = heard(desk)
    words = WORDS[language].decided[ground]
    assert " ".join(f"{words.reason or ''} Woorden erbij.".split()) in text
    assert " ".join(words.advice.split()) in text
    assert CHANGED[language] not in text
    case = desk.case(number)
    assert (case.decision_ground, case.decision_reason) == (ground, "Woorden erbij.")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("decision", ["refer", "none"])
def test_other_decisions_are_told_in_the_officers_words(desk: Desk, language: str, decision: str) -> None:
    """The mail contains the officer's advice, or the usual one without it."""
    number = referred(speaking(desk, language))
    desk.do(Decide(case=number, decision=Decision(decision), reason="Dit hoort bij de politie."))
    (text,) = heard(desk)
    assert "Dit hoort bij de politie." in text
    assert " ".join(WORDS[language].decided[decision].advice.split()) in text
    desk.do(Decide(case=number, decision=Decision(decision), reason="Het is anders.", advice="Bel 0900-8844."))
    assert heard(desk)[-1].count("Bel 0900-8844.") == 1
    assert WORDS[language].decided[decision].advice not in heard(desk)[-1]


@pytest.mark.parametrize(
    ("language", "says"),
    [("nl", "Elk platform maakt daarbij een eigen afweging"), ("en", "for each platform to decide")],
)
def test_that_a_platform_was_asked_is_told_once_after_the_sending(desk: Desk, language: str, says: str) -> None:
    """Nothing is told at the decision, the draft and the approval, and nothing more for a second platform.

    The mail omits the reason, which is for the platform.
    """
    number = referred(speaking(desk, language))
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="such votes are invalid"))
    assert heard(desk) == []
    for channel in ("x-urgent", "meta-elections"):
        desk.do(Approve(draft=desk.do(Draft(case=number, channel=channel, text="Two posts.")).key))
        (text,) = heard(desk)
    assert says in text
    assert "such votes are invalid" not in text
    assert CHANGED[language] not in text


def test_of_a_notification_that_does_not_leave_nothing_is_told(desk: Desk) -> None:
    """A rejected draft, and one that the server refuses, were put before nobody; the next one is told."""
    number = referred(desk)
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="a vote is lost"))
    desk.do(Reject(draft=desk.do(Draft(case=number, channel="x-urgent", text="Two posts.")).key, reason="too long"))
    desk.server.says(550, X_CHANNEL, "no such user")
    desk.do(Approve(draft=desk.do(Draft(case=number, channel="x-urgent", text="Two posts.")).key))
    assert heard(desk) == []
    desk.server.script.clear()
    desk.do(Approve(draft=desk.do(Draft(case=number, channel="x-urgent", text="Two posts.")).key))
    assert len(heard(desk)) == 1


def test_of_a_portal_it_is_told_when_the_officer_notes_the_submission(desk: Desk) -> None:
    """The approved text waits with the officer; the note says that it was submitted."""
    number = referred(desk)
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="a vote is lost"))
    desk.do(Approve(draft=desk.do(Draft(case=number, channel="tiktok-portal", text="Two posts.")).key))
    assert heard(desk) == []
    note = NoteContact(
        case=number, means=ContactMeans.PORTAL, text="Submitted.", counts_as=(Kind.NOTIFICATION,),
        channel="tiktok-portal",
    )  # fmt: skip
    desk.do(note)
    assert len(heard(desk)) == 1


def test_a_letter_that_cannot_be_stored_leaves_the_sending_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the result of the sending, a notification that has left would be in doubt."""
    number = referred(desk)
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="a vote is lost"))
    key = desk.do(Draft(case=number, channel="x-urgent", text="Two posts.")).key
    desk.settle()
    desk.do(Approve(draft=key))

    def full(_store: object, _octets: bytes) -> str:
        raise ArchiveFailure("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FileBlobStore, "put", full)
        delivery.drain(desk.env)
    assert desk.notification(key).state == "sent"
    assert desk.happened(EventKind.MAIL_UNRENDERABLE) == 2  # to the officers and to the referrer


@pytest.mark.parametrize("language", ["nl", "en"])
def test_another_decision_is_told_once_and_says_so(desk: Desk, language: str) -> None:
    """The same decision again sends nothing; a changed reason of a decline does."""
    number = referred(speaking(desk, language))
    declined = Decide(case=number, decision=Decision.DECLINE, ground=DeclineReason.NO_CRITERION)
    notified = Decide(case=number, decision=Decision.NOTIFY, reason="a vote is lost")
    for act, mails in (
        (declined, 1),
        (declined, 1),
        (Decide(case=number, decision=Decision.DECLINE, ground=DeclineReason.SINGLE_POST), 2),
        (notified, 2),
        (Decide(case=number, decision=Decision.NONE, reason="Het is weg."), 3),
        (Decide(case=number, decision=Decision.REFER, reason="Dat hoort bij de politie."), 4),
        (Decide(case=number, decision=Decision.NOTIFY, reason="in other words"), 4),
    ):
        desk.do(act)
        assert len(heard(desk)) == mails
    desk.do(Approve(draft=desk.do(Draft(case=number, channel="x-urgent", text="Two posts.")).key))
    assert [CHANGED[language] in text for text in heard(desk)] == [False, True, False, True, True]


def test_a_decline_in_words_alone_is_one_for_another_reason(desk: Desk) -> None:
    """In a decline without a listed reason, as it comes by mail, the officer's words are the reason."""
    number = referred(desk)
    desk.do(Decide(case=number, decision=Decision.DECLINE, reason="een mening, geen feit"))
    assert desk.case(number).decision_ground == "other"
    assert "een mening, geen feit" in heard(desk)[0]


@pytest.mark.parametrize("decision", list(Decision))
def test_nobody_is_told_where_nobody_referred_it(desk: Desk, decision: str) -> None:
    """A case of our own, from the media or from earlier cases, has no referrer to inform."""
    number = desk.do(OpenCase(election="EP2024", type=CaseType.GENERAL_WARNING, origin=Origin.MEDIA)).key
    desk.do(Assess(case=number, criteria=(1,)))
    desk.do(Decide(case=number, decision=Decision(decision), reason="because"))
    desk.settle()
    assert desk.mails(kind=Kind.DECISION_NOTICE) == []


def test_satire_by_itself_does_not_exclude(desk: Desk) -> None:
    """Satire is recorded, and the case can still be notified."""
    number = referred(desk)
    desk.do(Assess(case=number, satire=True))
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="it is believed"))
    assert (desk.case(number).satire, desk.case(number).decision) == (True, "notify")


def test_a_lost_channel_waits_for_all_own_means_or_a_reason(desk: Desk) -> None:
    """The precondition blocks only `notify`; an empty reason does not override it."""
    number = referred(desk)
    desk.do(ReclassifyCase(case=number, type=CaseType.CHANNEL))
    notify = Decide(case=number, decision=Decision.NOTIFY, reason="the channel is lost")
    for assessed in (
        None,
        Assess(case=number, override_reason="  "),
        Assess(case=number, all_means_used=False),
    ):
        if assessed is not None:
            desk.do(assessed)
        assert "the owner has not used all own means, and no reason to go on" in desk.refused(notify)
    desk.do(Assess(case=number, override_reason="it is polling day"))
    assert warned(desk.do(notify))[0].startswith("own attempts: 0; ")
    assert desk.case(number).override_reason == "it is polling day"


def test_officers_hear_nothing_of_the_notice(desk: Desk) -> None:
    """The decision notice goes to the referrer only."""
    number = referred(desk)
    desk.do(Decide(case=number, decision=Decision.NONE, reason="Het is weg."))
    desk.settle()
    assert desk.server.to(OFFICER) == []
