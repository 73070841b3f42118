# SPDX-License-Identifier: EUPL-1.2
"""Who may run each act, and what refuses it: a refusal says what would be right, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from flaggermail.commands import acts
from flaggermail.record.finding import where
from flaggermail.record.rows import Case, Notification, OutboxMail, Reminder, StoredMessage
from flaggermail.record.states import MailState
from tests.corpus import each
from tests.store.desk_fixtures import DESK, REFERRER, START, X_CHANNEL, Desk, NewDesk, X, mail

ELECTION = acts.AddElection(
    code="GR2026", name_nl="Gemeenteraad", name_en="Municipal", polling_days=(date(2026, 3, 18),),
    period_from=date(2026, 2, 1), period_until=date(2026, 4, 1),
)  # fmt: skip
OPEN = acts.OpenCase(election="EP2024", type="A_content", origin="media")
NOTE = acts.NoteContact(case="any", means="phone", text="They called.")
NIGHT = acts.OverrideRota(officer="clerk", begins_at=START, ends_at=START + timedelta(hours=8))
ONE_OF_EACH: tuple[acts.Act, ...] = (
    ELECTION, acts.CloseElection(code="EP2024"), OPEN, acts.Assess(case="any"),
    acts.Decide(case="any", decision="none", reason="any"), acts.Draft(case="any", channel="x-urgent"),
    acts.Approve(draft="any"), acts.Reject(draft="any", reason="any"), acts.AssignCase(case="any", officer="clerk"),
    acts.LinkCase(case="any", related=()), acts.ReclassifyCase(case="any"), acts.CloseCase(case="any"), NOTE,
    acts.ConfirmMessage(message="any"), acts.RefuseMessage(message="any", reason="any"),
    acts.ReclassifyMessage(message="any", kinds=()), acts.PlaceMessage(message="any"),
    acts.Acknowledge(reminder="any"), NIGHT, acts.ResolveMail(mail="any"), acts.CancelMail(mail="any"),
)  # fmt: skip


# ---- who may


@each("act", ONE_OF_EACH, ids=lambda act: type(act).__name__)
@each("actor", ["stranger", "", "daemon", "given"])
def test_who_is_no_officer_does_nothing(new_desk: NewDesk, act: acts.Act, actor: str) -> None:
    """Only listed officers can act; neither a stranger nor the daemon can."""
    text = _shared(new_desk).refused(act, actor)
    assert text.endswith(f"{actor} is not an officer of this desk: add the person to oncall.yaml")


@pytest.mark.parametrize(
    ("act", "allowed", "needed"),
    [
        (acts.Decide(case="any", decision="none", reason="any"), {"weigher", "head1"}, "assessor, head"),
        (acts.Approve(draft="any"), {"signer", "head1"}, "approver, head"),
        (acts.Reject(draft="any", reason="any"), {"signer", "head1"}, "approver, head"),
    ],
    ids=["decide", "approve", "reject"],
)
def test_deciding_and_approving_need_their_role(
    new_desk: NewDesk, act: acts.Act, allowed: set[str], needed: str
) -> None:
    """An officer on duty can file and draft; deciding and approving need the roles named in the refusal."""
    desk = _shared(new_desk)
    for actor in ("clerk", "weigher", "signer", "head1"):
        text = desk.refused(act, actor)
        assert ("there is no such" in text) is (actor in allowed), text
        if actor not in allowed:
            assert text == f"{type(act).__name__}: {actor} has none of the roles {needed} that this act needs"


@each(
    "act", [act for act in ONE_OF_EACH if not isinstance(act, acts.Decide | acts.Approve | acts.Reject)],
    ids=lambda act: type(act).__name__,
)  # fmt: skip
@each("actor", ["clerk", "weigher", "signer", "head1"])
def test_everything_else_is_any_officers(new_desk: NewDesk, act: acts.Act, actor: str) -> None:
    """Every officer may run any other act, whatever their role."""
    desk = new_desk() if _succeeds(act) else _shared(new_desk)
    if _succeeds(act):
        desk.do(act, actor)
        assert desk.events()[-1].actor == actor or "token" in desk.events()[-1].kind
    else:
        assert "roles" not in desk.refused(act, actor)


def _succeeds(act: acts.Act) -> bool:
    kinds = acts.AddElection | acts.CloseElection | acts.OpenCase | acts.OverrideRota
    return isinstance(act, kinds)


_DESKS: list[tuple[NewDesk, Desk]] = []


def _shared(new_desk: NewDesk) -> Desk:
    """Returns one empty desk for the tests that change nothing, which each of them proves."""
    if not _DESKS or _DESKS[0][0] is not new_desk:
        _DESKS[:] = [(new_desk, new_desk())]
    return _DESKS[0][1]


# ---- what refuses


@dataclass(frozen=True)
class Furnished:
    """A desk with something in every state."""

    desk: Desk
    sent: str  # a notification that was sent, and its case
    case: str
    undecided: str  # a case from a referral
    drafted: str  # a draft, and its case
    to_notify: str
    closed: str
    uncertain: str  # outbox mails
    untried: str
    answer: str  # messages: a verified answer, one from a stranger, two typed by hand
    stray: str
    typed: str
    typed_elsewhere: str
    reminder: str  # acknowledged

    @property
    def own(self) -> str:
        """Returns our own mail that was sent to the platform."""
        return self.desk.one(StoredMessage, where(StoredMessage.message_id).is_(self.desk.message_id_of(self.sent))).id

    def message_of(self, case: str) -> str:
        """Returns the message that opened a case."""
        return self.desk.row(Case, case).root_message or ""


@pytest.fixture(scope="module")
def furnished(new_desk: NewDesk) -> Furnished:
    """Builds the desk once: no test that uses it changes anything."""
    desk = new_desk()
    referral = desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    sent = desk.notified()
    case = desk.row(Notification, sent).case
    desk.notified("meta-elections", case)
    answer = desk.receive(mail(X, answers=desk.message_id_of(sent)))
    closed = desk.do(acts.OpenCase(election="EP2024", type="other", origin="media")).key
    desk.do(acts.Decide(case=closed, decision="none", reason="nothing to do"))
    desk.do(acts.CloseCase(case=closed))
    desk.server.says(-1, X_CHANNEL)
    doubtful = desk.notified()
    desk.server.script.clear()
    desk.go_on(30)
    reminder = desk.all(Reminder, where(Reminder.case).is_(referral.case))[0]
    desk.do(acts.Acknowledge(reminder=reminder.id))
    typed = desk.receive(mail(DESK, "Typed", "Could you check?", to=X_CHANNEL), folder="Sent")
    elsewhere = desk.receive(
        mail(DESK, "Re: typed", "As agreed.", to=REFERRER, answers=desk.message_id_of(sent)), folder="Sent"
    )
    desk.do(acts.PlaceMessage(message=elsewhere.id, case=referral.case))
    desk.do(acts.CloseElection(code="TK2023"))
    stray = desk.receive(mail("who@elsewhere.example", "Hello", "What is this?"))
    to_notify = desk.decided("A_content")
    drafted = desk.do(acts.Draft(case=to_notify, channel="x-urgent", text="One post.")).key
    untried = desk.all(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))[-1]
    return Furnished(
        desk, sent, case, str(referral.case), drafted, to_notify, closed, desk.mail_of(doubtful).id, untried.id,
        answer.id, stray.id, typed.id, elsewhere.id, reminder.id,
    )  # fmt: skip


Refused = tuple[str, Callable[[Furnished], acts.Act], str]
LATER = START + timedelta(days=1)
CASE_REFUSALS: list[Refused] = [
    ("election exists", lambda _: replace(ELECTION, code="EP2024"), "election EP2024: exists already"),
    (
        "election without a day",
        lambda _: replace(ELECTION, polling_days=()),
        "election GR2026: has no polling day; give --polling-day",
    ),
    (
        "polling day outside",
        lambda _: replace(ELECTION, period_until=date(2026, 3, 17)),
        "election GR2026: polling days must lie in the period 2026-02-01 to 2026-03-17",
    ),
    ("no election to close", lambda _: acts.CloseElection(code="GR1999"), "election GR1999: there is no such election"),
    ("election closed", lambda _: acts.CloseElection(code="TK2023"), "election TK2023: is closed already"),
    ("open: election", lambda _: replace(OPEN, election="G"), "election G: there is no such election"),
    (
        "open: closed election",
        lambda _: replace(OPEN, election="TK2023"),
        "election TK2023: is closed; no new case may belong to it",
    ),
    ("open: type", lambda _: replace(OPEN, type="E"), "type: 'E' is not known; it must be one of A_con"),
    (
        "open: origin",
        lambda _: replace(OPEN, origin="phone"),
        "origin: 'phone' is not known; it must be one of referral, media, earlier_cases",
    ),
    ("open: source", lambda _: replace(OPEN, source="x"), "source: 'x' is not known; it must be one of media,"),
    ("open: related", lambda _: replace(OPEN, related=("N",)), "case N: there is no such case; `flaggermail"),
    ("open: message", lambda _: replace(OPEN, from_message="m9"), "message m9: there is no such message; ids"),
    (
        "open: message of a case",
        lambda f: replace(OPEN, from_message=f.message_of(f.undecided)),
        "belongs to VF-EP2024-0001 already",
    ),
    ("assign: case", lambda _: acts.AssignCase(case="N", officer="clerk"), "case N: there is no such case"),
    ("assign: officer", lambda f: acts.AssignCase(case=f.case, officer="z"), "officer z: is not in oncall.yaml"),
    ("link: case", lambda _: acts.LinkCase(case="N", related=()), "case N: there is no such case"),
    ("link: related", lambda f: acts.LinkCase(case=f.case, related=("N",)), "case N: there is no such case"),
    ("link: itself", lambda f: acts.LinkCase(case=f.case, related=(f.case,)), "cannot be related to itself"),
    ("correct: case", lambda _: acts.ReclassifyCase(case="N", type="other"), "case N: there is no such case"),
    ("correct: type", lambda f: acts.ReclassifyCase(case=f.case, type="E"), "type: 'E' is not known"),
    ("correct: source", lambda f: acts.ReclassifyCase(case=f.case, source="x"), "source: 'x' is not known"),
    (
        "correct: nothing",
        lambda f: acts.ReclassifyCase(case=f.case, type="D_general_warning"),
        "nothing to correct; give --type or --source",
    ),
    ("close: case", lambda _: acts.CloseCase(case="N"), "case N: there is no such case"),
    ("close: closed", lambda f: acts.CloseCase(case=f.closed), "is closed already"),
    (
        "close: undecided",
        lambda f: acts.CloseCase(case=f.undecided),
        "has no decision yet; `flaggermail case decide VF-",
    ),
    ("assess: case", lambda _: acts.Assess(case="N"), "case N: there is no such case"),
    (
        "assess: criterion",
        lambda f: acts.Assess(case=f.case, criteria=(1, 4)),
        "criteria: [1, 4] must be among 1, 2, 3",
    ),
    ("assess: attempts", lambda f: acts.Assess(case=f.case, own_attempts=-1), "own_attempts: -1 must be 0 or more"),
    ("assess: aspect", lambda f: acts.Assess(case=f.case, aspects=("virality",)), "aspects: 'virality' is not known"),
    ("decide: case", lambda _: acts.Decide(case="N", decision="none", reason="r"), "case N: there is no such case"),
    (
        "decide: word",
        lambda f: acts.Decide(case=f.undecided, decision="remove", reason="r"),
        "decision: 'remove' is not known; it must be one of notify, decline, refer, none",
    ),
    (
        "decide: reason",
        lambda f: acts.Decide(case=f.undecided, decision="none", reason="  "),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: ground",
        lambda f: acts.Decide(case=f.undecided, decision="decline", ground="too_busy"),
        "reason: 'too_busy' is not known; it must be one of outside_process, illegal_only, single_post, means_left, ",
    ),
    (
        "decide: other without words",
        lambda f: acts.Decide(case=f.undecided, decision="decline", ground="other"),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: decline without a reason",
        lambda f: acts.Decide(case=f.undecided, decision="decline"),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: ground of another decision",
        lambda f: acts.Decide(case=f.undecided, decision="none", ground="single_post", reason="r"),
        "ground: 'single_post' belongs to a decline; none is explained by its reason",
    ),
    (
        "decide: not assessed",
        lambda f: acts.Decide(case=f.undecided, decision="notify", reason="r"),
        "not ready to notify: step (a), whether it is in fact incorrect or misleading, is not answered with yes; step",
    ),
    (
        "decide: was sent",
        lambda f: acts.Decide(case=f.case, decision="decline", reason="r"),
        "a notification was sent; close the case instead",
    ),
]
OWN_MAIL: tuple[tuple[str, Callable[[Furnished], acts.Act]], ...] = (
    ("place", lambda f: acts.PlaceMessage(message=f.own, noise=True, reason="r")),
    ("refuse", lambda f: acts.RefuseMessage(message=f.own, reason="r")),
    ("kind", lambda f: acts.ReclassifyMessage(message=f.own, kinds=("noise",))),
)
MAIL_REFUSALS: list[Refused] = [
    ("note: case", lambda _: replace(NOTE, case="N"), "case N: there is no such case"),
    ("note: means", lambda f: acts.NoteContact(case=f.case, means="fax", text="t"), "means: 'fax' is not known"),
    ("note: text", lambda f: acts.NoteContact(case=f.case, means="phone", text=" "), "note: is empty"),
    (
        "note: counts",
        lambda f: replace(NOTE, case=f.case, counts_as=("removal",)),
        "counts-as: 'removal' is not known",
    ),
    (
        "note: to come",
        lambda f: replace(NOTE, case=f.case, effective_at=LATER),
        "has not come yet; a note says what has happened",
    ),
    (
        "note: which channel",
        lambda f: replace(NOTE, case=f.case, counts_as=("platform_ack",)),
        "name the channel that the note is about (--channel); there is VF-EP2024-0002/1 (x-urgent), VF-EP2024-0002/2 (",
    ),
    (
        "note: nothing sent",
        lambda f: replace(NOTE, case=f.undecided, counts_as=("platform_ack",)),
        "there is none that was sent",
    ),
    (
        "note: use without a channel",
        lambda f: replace(NOTE, case=f.to_notify, counts_as=("notification",)),
        "a note that counts as a notification names its channel (--channel)",
    ),
    (
        "note: use without a decision",
        lambda f: replace(NOTE, case=f.undecided, counts_as=("notification",), channel="x-phone"),
        "nobody decided to notify; `flaggermail case decide VF-EP2024-0001 notify`",
    ),
    ("draft: case", lambda _: acts.Draft(case="N", channel="x-urgent"), "case N: there is no such case"),
    ("draft: channel", lambda f: acts.Draft(case=f.case, channel="y"), "channel y: is not known; there are google-pr"),
    (
        "draft: channel of the past",
        lambda f: acts.Draft(case=f.case, channel="x-old"),
        "channel x-old: is valid from 2019-05-01 to 2020-12-31, not on 2024-06-06",
    ),
    (
        "draft: channel of the future",
        lambda f: acts.Draft(case=f.case, channel="x-later"),
        "channel x-later: is valid from 2030-01-01 to further notice, not on 2024-06-06",
    ),
    (
        "draft: template of a call",
        lambda f: acts.Draft(case=f.to_notify, channel="x-phone", template="advert"),
        "template: 'advert' is not known; it must be one of call_sheet",
    ),
    (
        "draft: undecided",
        lambda f: acts.Draft(case=f.undecided, channel="x-urgent", text="t"),
        "nobody decided to notify; `flaggermail case decide VF-EP2024-0001 notify`",
    ),
    (
        "draft: template",
        lambda f: acts.Draft(case=f.case, channel="x-urgent", template="decline"),
        "template: 'decline' is not known; it must be one of notification, channel_recovery, advert, general_warning",
    ),
    (
        "draft: follow-up by name",
        lambda f: acts.Draft(case=f.case, channel="x-urgent", template="follow_up", text="t"),
        "template: 'follow_up' is not known",
    ),
    (
        "draft: no text",
        lambda f: acts.Draft(case=f.to_notify, channel="x-urgent", text=" \n"),
        "template notification needs --text FILE, what the platform is asked to look at",
    ),
    ("approve: draft", lambda _: acts.Approve(draft="N/1"), "draft N/1: there is no such draft; `flaggermail notify`"),
    ("approve: sent", lambda f: acts.Approve(draft=f.sent), "is sent; only a draft can be approved or rejected"),
    ("reject: draft", lambda _: acts.Reject(draft="N/1", reason="r"), "draft N/1: there is no such draft"),
    ("reject: sent", lambda f: acts.Reject(draft=f.sent, reason="r"), "is sent; only a draft can be approved or rej"),
    ("reject: reason", lambda f: acts.Reject(draft=f.drafted, reason=""), "reason: is empty; write at least a word"),
    ("resolve: mail", lambda _: acts.ResolveMail(mail="o9", again=True), "outbox o9: there is no such mail; `flagg"),
    (
        "resolve: in no doubt",
        lambda f: acts.ResolveMail(mail=f.untried, again=True),
        "is queued, not uncertain; there is nothing to resolve",
    ),
    (
        "resolve: nothing said",
        lambda f: acts.ResolveMail(mail=f.uncertain),
        "say when it was sent (--sent-at) or that it is to be sent again (--again)",
    ),
    ("resolve: to come", lambda f: acts.ResolveMail(mail=f.uncertain, sent_at=LATER), "has not come yet"),
    (
        "resolve: before it was written",
        lambda f: acts.ResolveMail(mail=f.uncertain, sent_at=START - timedelta(seconds=1)),
        "was written at 2024-06-06T08:34:00+00:00; it was not sent at 2024-06-06T10:33:59+02:00",
    ),
    ("cancel: mail", lambda _: acts.CancelMail(mail="o9"), "outbox o9: there is no such mail"),
    (
        "cancel: was tried",
        lambda f: acts.CancelMail(mail=f.uncertain),
        "was tried 1 times and is uncertain; only an untried one can be",
    ),
    ("confirm: message", lambda _: acts.ConfirmMessage(message="m9"), "message m9: there is no such message; ids look"),
    (
        "confirm: counts",
        lambda f: acts.ConfirmMessage(message=f.answer),
        "counts already (dmarc=pass by mx.bzk.example",
    ),
    (
        "confirm: typed, no case",
        lambda f: acts.ConfirmMessage(message=f.typed),
        "first put it into a case: `flaggermail quarantine place m",
    ),
    (
        "confirm: typed, no channel",
        lambda f: acts.ConfirmMessage(message=f.typed_elsewhere),
        "went to no address of a channel in platforms.yaml; it is no notification",
    ),
    ("refuse: message", lambda _: acts.RefuseMessage(message="m9", reason="r"), "message m9: there is no such message"),
    ("refuse: reason", lambda f: acts.RefuseMessage(message=f.answer, reason=""), "reason: is empty; write at least"),
    ("kind: message", lambda _: acts.ReclassifyMessage(message="m9", kinds=()), "message m9: there is no such message"),
    (
        "kind: word",
        lambda f: acts.ReclassifyMessage(message=f.answer, kinds=("removed",)),
        "kind: 'removed' is not known; it must be one of referral, platform_ack",
    ),
    ("kind: none", lambda f: acts.ReclassifyMessage(message=f.answer, kinds=()), "name at least one kind"),
    ("place: message", lambda _: acts.PlaceMessage(message="m9", new=True), "message m9: there is no such message"),
    (
        "place: nowhere",
        lambda f: acts.PlaceMessage(message=f.stray),
        "say where it belongs: a case number, --new, --noise with a reason, or --back",
    ),
    (
        "place: twice",
        lambda f: acts.PlaceMessage(message=f.stray, case=f.case, noise=True, reason="r"),
        "say where it belongs: a case number, --new, --noise with a reason, or --back",
    ),
    ("place: case", lambda f: acts.PlaceMessage(message=f.stray, case="N"), "case N: there is no such case"),
    (
        "place: noise",
        lambda f: acts.PlaceMessage(message=f.stray, noise=True),
        "reason: is empty; write at least a wor",
    ),
    (
        "place: kind",
        lambda f: acts.PlaceMessage(message=f.stray, case=f.case, kinds=("removed",)),
        "kind: 'removed' is not known",
    ),
    ("place: back", lambda f: acts.PlaceMessage(message=f.stray, back=True), "is in the quarantine already"),
    (
        "reclassify: notification",
        lambda f: acts.ReclassifyMessage(message=f.answer, notification="VF-EP2024-0002/9"),
        "notification VF-EP2024-0002/9: no such one was sent",
    ),
    ("place: new, type", lambda f: acts.PlaceMessage(message=f.stray, new=True, type="E"), "type: 'E' is not known"),
    (
        "place: new, election",
        lambda f: acts.PlaceMessage(message=f.stray, new=True, election="G"),
        "election G: there is no such election; `flaggermail election list` shows them",
    ),
    *(
        (f"what we sent: {name}", act, "was composed and sent here; there is nothing to correct about it")
        for name, act in OWN_MAIL
    ),
    (
        "ok: reminder",
        lambda _: acts.Acknowledge(reminder="r"),
        "reminder r: there is no such reminder; `flaggermail on",
    ),
    ("ok: twice", lambda f: acts.Acknowledge(reminder=f.reminder), "was acknowledged by officer1 already"),
    ("override: officer", lambda _: replace(NIGHT, officer="z"), "officer z: is not in oncall.yaml"),
    (
        "override: backwards",
        lambda _: acts.OverrideRota(officer="clerk", begins_at=START, ends_at=START),
        "override: ends 2024-06-06T10:34:00+02:00, which is not after its begin",
    ),
]


@each(
    ("act", "text"),
    [row[1:] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
    ids=[row[0] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
)
def test_refusal_says_what_would_be_right_and_changes_nothing(
    furnished: Furnished, act: Callable[[Furnished], acts.Act], text: str
) -> None:
    """Each refusal names the object, what is wrong with it, and the way on if there is one."""
    said = furnished.desk.refused(act(furnished), "officer1")
    assert text in said
    assert "\n" not in said


def test_refusals_left_the_record_whole(furnished: Furnished) -> None:
    """After all refused acts the rows are still the fold of the events."""
    furnished.desk.assert_whole()
