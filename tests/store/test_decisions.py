# SPDX-License-Identifier: EUPL-1.2
"""The referrer is informed of a decision once, with reason and advice, and again only if it changes."""

from __future__ import annotations

import pytest

from flaggermail.adapters.files.template_formats import read_words
from flaggermail.commands import acts
from flaggermail.record.case_values import DeclineReason
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, OutboxMail
from flaggermail.shipped import shipped
from tests.store.desk_fixtures import OFFICER, REFERRER, Desk, mail

WORDS = read_words(shipped("config") / "templates" / "words.yaml")
CHANGED = {"nl": "besluit is gewijzigd", "en": "decided anew"}


def speaking(desk: Desk, language: str) -> Desk:
    """Returns the desk writing to referrers in that language."""
    settings = desk.env.settings
    organisation = settings.desk.organisation.model_copy(update={"language": language})
    told = settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": organisation})})
    return desk.with_settings(told)


def referred(desk: Desk) -> str:
    """Returns an assessed case from a referral, and clears the mail sent until then."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    desk.do(acts.Assess(case=number, incorrect=True, criteria=(1,)))
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
    desk.do(acts.Decide(case=number, decision="decline", ground=ground, reason="Woorden erbij."), "weigher")
    (text,) = heard(desk)
    words = WORDS[language].decided[ground]
    assert " ".join(f"{words.reason or ''} Woorden erbij.".split()) in text
    assert " ".join(words.advice.split()) in text
    assert CHANGED[language] not in text
    case = desk.row(Case, number)
    assert (case.decision_ground, case.decision_reason) == (ground, "Woorden erbij.")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("decision", ["refer", "none"])
def test_other_decisions_are_told_in_the_officers_words(desk: Desk, language: str, decision: str) -> None:
    """The mail contains the officer's advice, or the usual one without it."""
    number = referred(speaking(desk, language))
    desk.do(acts.Decide(case=number, decision=decision, reason="Dit hoort bij de politie."))
    (text,) = heard(desk)
    assert "Dit hoort bij de politie." in text
    assert " ".join(WORDS[language].decided[decision].advice.split()) in text
    desk.do(acts.Decide(case=number, decision=decision, reason="Het is anders.", advice="Bel 0900-8844."))
    assert heard(desk)[-1].count("Bel 0900-8844.") == 1
    assert WORDS[language].decided[decision].advice not in heard(desk)[-1]


@pytest.mark.parametrize(
    ("language", "says"),
    [("nl", "Elk platform maakt daarna een eigen afweging"), ("en", "for each platform to decide")],
)
def test_the_decision_to_notify_is_told_once_whatever_follows(desk: Desk, language: str, says: str) -> None:
    """The mail omits the reason, which is for the platform; approval, sending and a second platform send no more."""
    number = referred(speaking(desk, language))
    desk.do(acts.Decide(case=number, decision="notify", reason="such votes are invalid"))
    (text,) = heard(desk)
    assert says in text
    assert "such votes are invalid" not in text
    for channel in ("x-urgent", "meta-elections"):
        desk.do(acts.Approve(draft=desk.do(acts.Draft(case=number, channel=channel, text="Two posts.")).key))
    assert len(heard(desk)) == 1


@pytest.mark.parametrize("language", ["nl", "en"])
def test_another_decision_is_told_once_and_says_so(desk: Desk, language: str) -> None:
    """The same decision again sends nothing; a changed reason of a decline does."""
    number = referred(speaking(desk, language))
    declined = acts.Decide(case=number, decision="decline", ground="no_criterion")
    notified = acts.Decide(case=number, decision="notify", reason="a vote is lost")
    for act, mails in (
        (declined, 1),
        (declined, 1),
        (acts.Decide(case=number, decision="decline", ground="single_post"), 2),
        (notified, 3),
        (acts.Decide(case=number, decision="notify", reason="in other words"), 3),
        (acts.Decide(case=number, decision="none", reason="It has gone."), 4),
    ):
        desk.do(act)
        assert len(heard(desk)) == mails
    assert [CHANGED[language] in text for text in heard(desk)] == [False, True, True, True]


def test_a_decline_in_words_alone_is_one_for_another_reason(desk: Desk) -> None:
    """In a decline without a listed reason, as it comes by mail, the officer's words are the reason."""
    number = referred(desk)
    desk.do(acts.Decide(case=number, decision="decline", reason="een mening, geen feit"))
    assert desk.row(Case, number).decision_ground == "other"
    assert "een mening, geen feit" in heard(desk)[0]


@pytest.mark.parametrize("decision", acts.DECISIONS)
def test_nobody_is_told_where_nobody_referred_it(desk: Desk, decision: str) -> None:
    """A case of our own, from the media or from earlier cases, has no referrer to inform."""
    number = desk.do(acts.OpenCase(election="EP2024", type="D_general_warning", origin="media")).key
    desk.do(acts.Assess(case=number, criteria=(1,)))
    desk.do(acts.Decide(case=number, decision=decision, reason="because"))
    desk.settle()
    assert desk.all(OutboxMail, where(OutboxMail.kind).is_(Kind.DECISION_NOTICE)) == []


def test_satire_by_itself_does_not_exclude(desk: Desk) -> None:
    """Satire is recorded, and the case can still be notified."""
    number = referred(desk)
    desk.do(acts.Assess(case=number, satire=True))
    desk.do(acts.Decide(case=number, decision="notify", reason="it is believed"))
    assert (desk.row(Case, number).satire, desk.row(Case, number).decision) == (True, "notify")


def test_a_lost_channel_waits_for_all_own_means_or_a_reason(desk: Desk) -> None:
    """The precondition blocks only `notify`; an empty reason does not override it."""
    number = referred(desk)
    desk.do(acts.ReclassifyCase(case=number, type="B_channel"))
    notify = acts.Decide(case=number, decision="notify", reason="the channel is lost")
    for assessed in (
        None,
        acts.Assess(case=number, override_reason="  "),
        acts.Assess(case=number, all_means_used=False),
    ):
        if assessed is not None:
            desk.do(assessed)
        assert "the owner has not used all own means, and no reason to go on" in desk.refused(notify)
    desk.do(acts.Assess(case=number, override_reason="it is polling day"))
    assert desk.do(notify).warnings[0].startswith("own attempts: 0; ")
    assert desk.row(Case, number).override_reason == "it is polling day"


def test_officers_hear_nothing_of_the_notice(desk: Desk) -> None:
    """The decision notice goes to the referrer only."""
    number = referred(desk)
    desk.do(acts.Decide(case=number, decision="none", reason="It has gone."))
    desk.settle()
    assert desk.server.to(OFFICER) == []
