# SPDX-License-Identifier: EUPL-1.2
"""Who may run each act, and what refuses it: a refusal says what would be right, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import AssignCase, CloseCase, LinkCase, OpenCase, ReclassifyCase
from flaggermail.commands.command import Command
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.elections import AddElection, CloseElection
from flaggermail.commands.messages import ConfirmMessage, ReclassifyMessage, RefuseMessage
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import Acknowledge, OverrideRota
from flaggermail.commands.outbox import CancelMail, ResolveMail
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, DeclineReason, Origin
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from flaggermail.record.states import MailState
from tests.corpus import each
from tests.store.desk_fixtures import DESK, REFERRER, START, X_CHANNEL, Desk, NewDesk, X, mail

ELECTION = AddElection(
    code="GR2026", name_nl="Gemeenteraad", name_en="Municipal", polling_days=(date(2026, 3, 18),),
    period_from=date(2026, 2, 1), period_until=date(2026, 4, 1),
)  # fmt: skip
OPEN = OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)
NOTE = NoteContact(case="any", means=ContactMeans.PHONE, text="They called.")
NIGHT = OverrideRota(officer="clerk", begins_at=START, ends_at=START + timedelta(hours=8))
ONE_OF_EACH: tuple[Command, ...] = (
    ELECTION, CloseElection(code="EP2024"), OPEN, Assess(case="any"),
    Decide(case="any", decision=Decision.NONE, reason="any"), Draft(case="any", channel="x-urgent"),
    Approve(draft="any"), Reject(draft="any", reason="any"), AssignCase(case="any", officer="clerk"),
    LinkCase(case="any", related=()), ReclassifyCase(case="any"), CloseCase(case="any"), NOTE,
    ConfirmMessage(message="any"), RefuseMessage(message="any", reason="any"),
    ReclassifyMessage(message="any", kinds=()), PlaceMessage(message="any"),
    Acknowledge(reminder="any"), NIGHT, ResolveMail(mail="any"), CancelMail(mail="any"),
)  # fmt: skip


# ---- who may


@each("act", ONE_OF_EACH, ids=lambda act: type(act).__name__)
@each("actor", ["stranger", "", "daemon", "given"])
def test_who_is_no_officer_does_nothing(new_desk: NewDesk, act: Command, actor: str) -> None:
    """Only listed officers can act; neither a stranger nor the daemon can."""
    text = _shared(new_desk).refused(act, actor)
    assert text.endswith(f"{actor} is not an officer of this desk: add the person to oncall.yaml")


@pytest.mark.parametrize(
    ("act", "allowed", "needed"),
    [
        (Decide(case="any", decision=Decision.NONE, reason="any"), {"weigher", "head1"}, "assessor, head"),
        (Approve(draft="any"), {"signer", "head1"}, "approver, head"),
        (Reject(draft="any", reason="any"), {"signer", "head1"}, "approver, head"),
    ],
    ids=["decide", "approve", "reject"],
)
def test_deciding_and_approving_need_their_role(
    new_desk: NewDesk, act: Command, allowed: set[str], needed: str
) -> None:
    """An officer on duty can file and draft; deciding and approving need the roles named in the refusal."""
    desk = _shared(new_desk)
    for actor in ("clerk", "weigher", "signer", "head1"):
        text = desk.refused(act, actor)
        assert ("there is no such" in text) is (actor in allowed), text
        if actor not in allowed:
            assert text == f"{act.NAME}: {actor} has none of the roles {needed} that this command needs"


@each(
    "act", [act for act in ONE_OF_EACH if not isinstance(act, Decide | Approve | Reject)],
    ids=lambda act: type(act).__name__,
)  # fmt: skip
@each("actor", ["clerk", "weigher", "signer", "head1"])
def test_everything_else_is_any_officers(new_desk: NewDesk, act: Command, actor: str) -> None:
    """Every officer may run any other act, whatever their role."""
    desk = new_desk() if _succeeds(act) else _shared(new_desk)
    if _succeeds(act):
        desk.do(act, actor)
        assert desk.events()[-1].actor == actor or "token" in desk.events()[-1].kind
    else:
        assert "roles" not in desk.refused(act, actor)


def _succeeds(act: Command) -> bool:
    kinds = AddElection | CloseElection | OpenCase | OverrideRota
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
        return self.desk.case(case).root_message or ""


@pytest.fixture(scope="module")
def furnished(new_desk: NewDesk) -> Furnished:
    """Builds the desk once: no test that uses it changes anything."""
    desk = new_desk()
    referral = desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    sent = desk.notified()
    case = desk.notification(sent).case
    desk.notified("meta-elections", case)
    answer = desk.receive(mail(X, answers=desk.message_id_of(sent)))
    closed = desk.do(OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA)).key
    desk.do(Decide(case=closed, decision=Decision.NONE, reason="nothing to do"))
    desk.do(CloseCase(case=closed))
    desk.server.says(-1, X_CHANNEL)
    doubtful = desk.notified()
    desk.server.script.clear()
    desk.go_on(30)
    reminder = desk.reminders(case=referral.case)[0]
    desk.do(Acknowledge(reminder=reminder.id))
    typed = desk.receive(mail(DESK, "Typed", "Could you check?", to=X_CHANNEL), folder="Sent")
    elsewhere = desk.receive(
        mail(DESK, "Re: typed", "As agreed.", to=REFERRER, answers=desk.message_id_of(sent)), folder="Sent"
    )
    desk.do(PlaceMessage(message=elsewhere.id, case=referral.case))
    desk.do(CloseElection(code="TK2023"))
    stray = desk.receive(mail("who@elsewhere.example", "Hello", "What is this?"))
    to_notify = desk.decided("A_content")
    drafted = desk.do(Draft(case=to_notify, channel="x-urgent", text="One post.")).key
    untried = desk.mails(state=MailState.QUEUED)[-1]
    return Furnished(
        desk, sent, case, str(referral.case), drafted, to_notify, closed, desk.mail_of(doubtful).id, untried.id,
        answer.id, stray.id, typed.id, elsewhere.id, reminder.id,
    )  # fmt: skip


Refused = tuple[str, Callable[[Furnished], Command], str]
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
    ("no election to close", lambda _: CloseElection(code="GR1999"), "election GR1999: there is no such election"),
    ("election closed", lambda _: CloseElection(code="TK2023"), "election TK2023: is closed already"),
    ("open: election", lambda _: replace(OPEN, election="G"), "election G: there is no such election"),
    (
        "open: closed election",
        lambda _: replace(OPEN, election="TK2023"),
        "election TK2023: is closed; no new case may belong to it",
    ),
    ("open: related", lambda _: replace(OPEN, related=("N",)), "case N: there is no such case; `flaggermail"),
    ("open: message", lambda _: replace(OPEN, from_message="m9"), "message m9: there is no such message; ids"),
    (
        "open: message of a case",
        lambda f: replace(OPEN, from_message=f.message_of(f.undecided)),
        "belongs to VF-EP2024-0001 already",
    ),
    ("assign: case", lambda _: AssignCase(case="N", officer="clerk"), "case N: there is no such case"),
    ("assign: officer", lambda f: AssignCase(case=f.case, officer="z"), "officer z: is not in oncall.yaml"),
    ("link: case", lambda _: LinkCase(case="N", related=()), "case N: there is no such case"),
    ("link: related", lambda f: LinkCase(case=f.case, related=("N",)), "case N: there is no such case"),
    ("link: itself", lambda f: LinkCase(case=f.case, related=(f.case,)), "cannot be related to itself"),
    ("correct: case", lambda _: ReclassifyCase(case="N", type=CaseType.OTHER), "case N: there is no such case"),
    (
        "correct: nothing",
        lambda f: ReclassifyCase(case=f.case),
        "nothing to correct; give --type or --source",
    ),
    (
        "correct: as it is",
        lambda f: ReclassifyCase(case=f.case, type=CaseType.GENERAL_WARNING),
        "is a general warning, source unknown already",
    ),
    ("close: case", lambda _: CloseCase(case="N"), "case N: there is no such case"),
    ("close: closed", lambda f: CloseCase(case=f.closed), "is closed already"),
    (
        "close: undecided",
        lambda f: CloseCase(case=f.undecided),
        "has no decision yet; `flaggermail case decide VF-",
    ),
    ("assess: case", lambda _: Assess(case="N"), "case N: there is no such case"),
    (
        "assess: criterion",
        lambda f: Assess(case=f.case, criteria=(1, 4)),
        "criteria: [1, 4] must be among 1, 2, 3",
    ),
    ("assess: attempts", lambda f: Assess(case=f.case, own_attempts=-1), "own_attempts: -1 must be 0 or more"),
    ("decide: case", lambda _: Decide(case="N", decision=Decision.NONE, reason="r"), "case N: there is no such case"),
    (
        "decide: reason",
        lambda f: Decide(case=f.undecided, decision=Decision.NONE, reason="  "),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: other without words",
        lambda f: Decide(case=f.undecided, decision=Decision.DECLINE, ground=DeclineReason.OTHER),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: decline without a reason",
        lambda f: Decide(case=f.undecided, decision=Decision.DECLINE),
        "reason: is empty; write at least a word",
    ),
    (
        "decide: ground of another decision",
        lambda f: Decide(case=f.undecided, decision=Decision.NONE, ground=DeclineReason.SINGLE_POST, reason="r"),
        "ground: 'single_post' belongs to a decline; none is explained by its reason",
    ),
    (
        "decide: not assessed",
        lambda f: Decide(case=f.undecided, decision=Decision.NOTIFY, reason="r"),
        "not ready to notify: step (a), whether it is in fact incorrect or misleading, is not answered with yes; step",
    ),
    (
        "decide: was sent",
        lambda f: Decide(case=f.case, decision=Decision.DECLINE, reason="r"),
        "a notification was sent; close the case instead",
    ),
]
OWN_MAIL: tuple[tuple[str, Callable[[Furnished], Command]], ...] = (
    ("place", lambda f: PlaceMessage(message=f.own, noise=True, reason="r")),
    ("refuse", lambda f: RefuseMessage(message=f.own, reason="r")),
    ("kind", lambda f: ReclassifyMessage(message=f.own, kinds=(Kind.NOISE,))),
)
MAIL_REFUSALS: list[Refused] = [
    ("note: case", lambda _: replace(NOTE, case="N"), "case N: there is no such case"),
    ("note: text", lambda f: NoteContact(case=f.case, means=ContactMeans.PHONE, text=" "), "note: is empty"),
    (
        "note: counts",
        lambda f: replace(NOTE, case=f.case, counts_as=(Kind.NOISE,)),
        "counts_as: 'noise' is not known; it must be one of notification, follow_up",
    ),
    (
        "note: to come",
        lambda f: replace(NOTE, case=f.case, effective_at=LATER),
        "has not come yet; a note says what has happened",
    ),
    (
        "note: which channel",
        lambda f: replace(NOTE, case=f.case, counts_as=(Kind.PLATFORM_ACK,)),
        "which channel it is about; there is VF-EP2024-0002/1 (x-urgent), VF-EP2024-0002/2 (",
    ),
    (
        "note: nothing sent",
        lambda f: replace(NOTE, case=f.undecided, counts_as=(Kind.PLATFORM_ACK,)),
        "there is none that was sent",
    ),
    (
        "note: use without a channel",
        lambda f: replace(NOTE, case=f.to_notify, counts_as=(Kind.NOTIFICATION,)),
        "a note that counts as a notification names its channel; name it with --channel",
    ),
    (
        "note: use without a decision",
        lambda f: replace(NOTE, case=f.undecided, counts_as=(Kind.NOTIFICATION,), channel="x-phone"),
        "nobody decided to notify; `flaggermail case decide VF-EP2024-0001 notify`",
    ),
    ("draft: case", lambda _: Draft(case="N", channel="x-urgent"), "case N: there is no such case"),
    ("draft: channel", lambda f: Draft(case=f.case, channel="y"), "channel y: is not known; there are google-pr"),
    (
        "draft: channel of the past",
        lambda f: Draft(case=f.case, channel="x-old"),
        "channel x-old: is valid from 2019-05-01 to 2020-12-31, not on 2024-06-06",
    ),
    (
        "draft: channel of the future",
        lambda f: Draft(case=f.case, channel="x-later"),
        "channel x-later: is valid from 2030-01-01 to further notice, not on 2024-06-06",
    ),
    (
        "draft: template of a call",
        lambda f: Draft(case=f.to_notify, channel="x-phone", template="advert"),
        "template: 'advert' is not known; it must be one of call_sheet",
    ),
    (
        "draft: undecided",
        lambda f: Draft(case=f.undecided, channel="x-urgent", text="t"),
        "nobody decided to notify; `flaggermail case decide VF-EP2024-0001 notify`",
    ),
    (
        "draft: template",
        lambda f: Draft(case=f.case, channel="x-urgent", template="decline"),
        "template: 'decline' is not known; it must be one of notification, channel_recovery, advert, general_warning",
    ),
    (
        "draft: follow-up by name",
        lambda f: Draft(case=f.case, channel="x-urgent", template="follow_up", text="t"),
        "template: 'follow_up' is not known",
    ),
    (
        "draft: no text",
        lambda f: Draft(case=f.to_notify, channel="x-urgent", text=" \n"),
        "template notification needs a text: what the platform is asked to look at; write it in a file: --text FILE",
    ),
    ("approve: draft", lambda _: Approve(draft="N/1"), "draft N/1: there is no such draft; `flaggermail notify`"),
    ("approve: sent", lambda f: Approve(draft=f.sent), "is sent; only a draft can be approved or rejected"),
    ("reject: draft", lambda _: Reject(draft="N/1", reason="r"), "draft N/1: there is no such draft"),
    ("reject: sent", lambda f: Reject(draft=f.sent, reason="r"), "is sent; only a draft can be approved or rej"),
    ("reject: reason", lambda f: Reject(draft=f.drafted, reason=""), "reason: is empty; write at least a word"),
    ("resolve: mail", lambda _: ResolveMail(mail="o9", again=True), "outbox o9: there is no such mail; `flagg"),
    (
        "resolve: in no doubt",
        lambda f: ResolveMail(mail=f.untried, again=True),
        "is queued, not uncertain; there is nothing to resolve",
    ),
    (
        "resolve: nothing said",
        lambda f: ResolveMail(mail=f.uncertain),
        "say when it was sent (--sent-at) or that it is to be sent again (--again)",
    ),
    ("resolve: to come", lambda f: ResolveMail(mail=f.uncertain, sent_at=LATER), "has not come yet"),
    (
        "resolve: before it was written",
        lambda f: ResolveMail(mail=f.uncertain, sent_at=START - timedelta(seconds=1)),
        "was written at 2024-06-06T08:34:00+00:00; it was not sent at 2024-06-06T10:33:59+02:00",
    ),
    ("cancel: mail", lambda _: CancelMail(mail="o9"), "outbox o9: there is no such mail"),
    (
        "cancel: was tried",
        lambda f: CancelMail(mail=f.uncertain),
        "is uncertain and no longer waits",
    ),
    ("confirm: message", lambda _: ConfirmMessage(message="m9"), "message m9: there is no such message; ids look"),
    (
        "confirm: counts",
        lambda f: ConfirmMessage(message=f.answer),
        "counts already (dmarc=pass by mx.bzk.example",
    ),
    (
        "confirm: typed, no case",
        lambda f: ConfirmMessage(message=f.typed),
        "first put it into a case: `flaggermail quarantine place m",
    ),
    (
        "confirm: typed, no channel",
        lambda f: ConfirmMessage(message=f.typed_elsewhere),
        "went to no address of a channel in platforms.yaml; it is no notification",
    ),
    ("refuse: message", lambda _: RefuseMessage(message="m9", reason="r"), "message m9: there is no such message"),
    ("refuse: reason", lambda f: RefuseMessage(message=f.answer, reason=""), "reason: is empty; write at least"),
    ("kind: message", lambda _: ReclassifyMessage(message="m9", kinds=()), "message m9: there is no such message"),
    ("kind: none", lambda f: ReclassifyMessage(message=f.answer, kinds=()), "name at least one kind"),
    ("place: message", lambda _: PlaceMessage(message="m9", new=True), "message m9: there is no such message"),
    (
        "place: nowhere",
        lambda f: PlaceMessage(message=f.stray),
        "nobody said where it belongs; a case number, --new, --noise with a reason, or --back",
    ),
    (
        "place: twice",
        lambda f: PlaceMessage(message=f.stray, case=f.case, noise=True, reason="r"),
        "nobody said where it belongs; a case number, --new, --noise with a reason, or --back",
    ),
    ("place: case", lambda f: PlaceMessage(message=f.stray, case="N"), "case N: there is no such case"),
    (
        "place: noise",
        lambda f: PlaceMessage(message=f.stray, noise=True),
        "reason: is empty; write at least a wor",
    ),
    ("place: back", lambda f: PlaceMessage(message=f.stray, back=True), "is in the quarantine already"),
    (
        "reclassify: notification",
        lambda f: ReclassifyMessage(message=f.answer, notification="VF-EP2024-0002/9"),
        "notification VF-EP2024-0002/9: no such one was sent",
    ),
    (
        "place: new, election",
        lambda f: PlaceMessage(message=f.stray, new=True, election="G"),
        "election G: there is no such election; `flaggermail election list` shows them",
    ),
    *(
        (f"what we sent: {name}", act, "was composed and sent here; there is nothing to correct about it")
        for name, act in OWN_MAIL
    ),
    (
        "ok: reminder",
        lambda _: Acknowledge(reminder="r"),
        "reminder r: there is no such reminder; `flaggermail on",
    ),
    ("ok: twice", lambda f: Acknowledge(reminder=f.reminder), "was acknowledged by officer1 already"),
    ("override: officer", lambda _: replace(NIGHT, officer="z"), "officer z: is not in oncall.yaml"),
    (
        "override: backwards",
        lambda _: OverrideRota(officer="clerk", begins_at=START, ends_at=START),
        "override: ends 2024-06-06T10:34:00+02:00, which is not after its begin",
    ),
]


@each(
    ("act", "text"),
    [row[1:] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
    ids=[row[0] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
)
def test_refusal_says_what_would_be_right_and_changes_nothing(
    furnished: Furnished, act: Callable[[Furnished], Command], text: str
) -> None:
    """Each refusal names the object, what is wrong with it, and the way on if there is one."""
    said = furnished.desk.refused(act(furnished), "officer1")
    assert text in said
    assert "\n" not in said


def test_refusals_left_the_record_whole(furnished: Furnished) -> None:
    """After all refused acts the rows are still the fold of the events."""
    furnished.desk.assert_whole()
