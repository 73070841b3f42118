# SPDX-License-Identifier: EUPL-1.2
"""Every act an officer can do: who may, what it changes, and what refuses it with a word on what would be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from flaggermail import outbox
from flaggermail.core import acts
from flaggermail.core.events import EventKind
from flaggermail.core.records import (
    Alarm,
    Case,
    ContactNote,
    Election,
    Notification,
    OutboxMail,
    Override,
    Reminder,
    StoredMessage,
)
from tests.store.desk_fixtures import DESK, REFERRER, START, X, X_CHANNEL, Desk, NewDesk, mail

NIGHT = {"begins_at": START, "ends_at": START + timedelta(hours=8)}
ELECTION = {
    "name_nl": "Gemeenteraad", "name_en": "Municipal", "polling_days": (date(2026, 3, 18),),
    "period_from": date(2026, 2, 1), "period_until": date(2026, 4, 1),
}  # fmt: skip
ONE_OF_EACH: tuple[acts.Act, ...] = (
    acts.AddElection(code="GR2026", **ELECTION),  # type: ignore[arg-type] # one mapping for all fields
    acts.CloseElection(code="EP2024"),
    acts.OpenCase(election="EP2024", type="A_content", origin="media"),
    acts.Assess(case="any"), acts.Decide(case="any", decision="none", reason="any"),
    acts.Draft(case="any", channel="x-urgent"), acts.Approve(draft="any"), acts.Reject(draft="any", reason="any"),
    acts.AssignCase(case="any", officer="clerk"), acts.LinkCase(case="any", related=()),
    acts.ReclassifyCase(case="any"), acts.CloseCase(case="any"),
    acts.NoteContact(case="any", means="phone", text="any"), acts.ConfirmMessage(message="any"),
    acts.RefuseMessage(message="any", reason="any"), acts.ReclassifyMessage(message="any", kinds=()),
    acts.PlaceMessage(message="any"), acts.Acknowledge(reminder="any"), acts.OverrideRota(officer="clerk", **NIGHT),
    acts.ResolveMail(mail="any"), acts.CancelMail(mail="any"),
)  # fmt: skip


# ---- who may


@pytest.mark.parametrize("act", ONE_OF_EACH, ids=lambda act: type(act).__name__)
@pytest.mark.parametrize("actor", ["stranger", "", "daemon", "given"])
def test_who_is_no_officer_does_nothing(new_desk: NewDesk, act: acts.Act, actor: str) -> None:
    """No act is done in the name of somebody who is not on the list; what the daemon may on proof is resolving."""
    text = _shared(new_desk).refused(act, actor)
    if actor == "daemon" and isinstance(act, acts.ResolveMail):
        assert text.startswith("outbox any: there is no such mail")
    else:
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
    """An officer on duty files and drafts; to decide and to let go are other persons' acts."""
    desk = _shared(new_desk)
    for actor in ("clerk", "weigher", "signer", "head1"):
        text = desk.refused(act, actor)
        assert ("there is no such" in text) is (actor in allowed), text
        if actor not in allowed:
            assert text == f"{type(act).__name__}: {actor} has none of the roles {needed} that this act needs"


@pytest.mark.parametrize(
    "act", [act for act in ONE_OF_EACH if not isinstance(act, acts.Decide | acts.Approve | acts.Reject)],
    ids=lambda act: type(act).__name__,
)  # fmt: skip
@pytest.mark.parametrize("actor", ["clerk", "weigher", "signer", "head1"])
def test_everything_else_is_any_officers(new_desk: NewDesk, act: acts.Act, actor: str) -> None:
    """Whoever has a role on the desk may; what the act then meets is another question."""
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
    """One empty desk for the tests that change nothing, which each of them proves."""
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
    answer: str  # messages: a verified answer, one nobody knows, two typed by hand
    stray: str
    typed: str
    typed_elsewhere: str
    reminder: str  # acknowledged

    def message_of(self, case: str) -> str:
        """The message that opened a case."""
        return self.desk.row(Case, case).root_message or ""


@pytest.fixture(scope="module")
def furnished(new_desk: NewDesk) -> Furnished:
    """Made once: no test that uses it changes anything."""
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
    reminder = desk.all(Reminder, case=referral.case)[0]
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
    untried = desk.all(OutboxMail, state="queued")[-1]
    return Furnished(
        desk, sent, case, str(referral.case), drafted, to_notify, closed, desk.mail_of(doubtful).id, untried.id,
        answer.id, stray.id, typed.id, elsewhere.id, reminder.id,
    )  # fmt: skip


Refused = tuple[str, Callable[[Furnished], acts.Act], str]
LATER = START + timedelta(days=1)
OPEN = {"election": "EP2024", "type": "A_content", "origin": "media"}
CASE_REFUSALS: list[Refused] = [
    ("election exists", lambda _: acts.AddElection(code="EP2024", **ELECTION), "election EP2024: exists already"),  # type: ignore[arg-type] # as above
    (
        "election without a day",
        lambda _: acts.AddElection(code="G", **{**ELECTION, "polling_days": ()}),  # type: ignore[arg-type] # as above
        "election G: has no polling day; give --polling-day",
    ),
    (
        "polling day outside",
        lambda _: acts.AddElection(code="G", **{**ELECTION, "period_until": date(2026, 3, 17)}),  # type: ignore[arg-type] # as above
        "election G: polling days must lie in the period 2026-02-01 to 2026-03-17",
    ),
    ("no election to close", lambda _: acts.CloseElection(code="GR1999"), "election GR1999: there is no such election"),
    ("election closed", lambda _: acts.CloseElection(code="TK2023"), "election TK2023: is closed already"),
    ("open: election", lambda _: acts.OpenCase(**{**OPEN, "election": "G"}), "election G: there is no such election"),
    (
        "open: closed election",
        lambda _: acts.OpenCase(**{**OPEN, "election": "TK2023"}),
        "election TK2023: is closed; no new case may belong to it",
    ),
    ("open: type", lambda _: acts.OpenCase(**{**OPEN, "type": "E"}), "type: 'E' is not known; it must be one of A_con"),
    (
        "open: origin",
        lambda _: acts.OpenCase(**{**OPEN, "origin": "phone"}),
        "origin: 'phone' is not known; it must be one of referral, media, earlier_cases",
    ),
    ("open: source", lambda _: acts.OpenCase(**OPEN, source="x"), "source: 'x' is not known; it must be one of media,"),
    ("open: related", lambda _: acts.OpenCase(**OPEN, related=("N",)), "case N: there is no such case; `flaggermail"),
    ("open: message", lambda _: acts.OpenCase(**OPEN, from_message="m9"), "message m9: there is no such message; ids"),
    (
        "open: message of a case",
        lambda f: acts.OpenCase(**OPEN, from_message=f.message_of(f.undecided)),
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
NOTE = {"means": "phone", "text": "They called."}
MAIL_REFUSALS: list[Refused] = [
    ("note: case", lambda _: acts.NoteContact(case="N", **NOTE), "case N: there is no such case"),
    ("note: means", lambda f: acts.NoteContact(case=f.case, means="fax", text="t"), "means: 'fax' is not known"),
    ("note: text", lambda f: acts.NoteContact(case=f.case, means="phone", text=" "), "note: is empty"),
    (
        "note: counts",
        lambda f: acts.NoteContact(case=f.case, **NOTE, counts_as=("removal",)),
        "counts-as: 'removal' is not known",
    ),
    (
        "note: to come",
        lambda f: acts.NoteContact(case=f.case, **NOTE, effective_at=LATER),
        "has not come yet; a note says what has happened",
    ),
    (
        "note: which channel",
        lambda f: acts.NoteContact(case=f.case, **NOTE, counts_as=("platform_ack",)),
        "name the channel that the note is about (--channel); there is VF-EP2024-0002/1 (x-urgent), VF-EP2024-0002/2 (m",
    ),
    (
        "note: nothing sent",
        lambda f: acts.NoteContact(case=f.undecided, **NOTE, counts_as=("platform_ack",)),
        "there is none that was sent",
    ),
    (
        "note: use without a channel",
        lambda f: acts.NoteContact(case=f.to_notify, **NOTE, counts_as=("notification",)),
        "a note that counts as a notification names its channel (--channel)",
    ),
    (
        "note: use without a decision",
        lambda f: acts.NoteContact(case=f.undecided, **NOTE, counts_as=("notification",), channel="x-phone"),
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
        "draft: no mail channel",
        lambda f: acts.Draft(case=f.case, channel="x-phone"),
        "channel x-phone: is a phone; submit there and record it with `flaggermail case note CASE --channel x-phone",
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
        "say where it belongs: a case number, --new, or --noise with a reason",
    ),
    (
        "place: twice",
        lambda f: acts.PlaceMessage(message=f.stray, case=f.case, noise=True, reason="r"),
        "say where it belongs: a case number, --new, or --noise with a reason",
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
    (
        "place: new, has a case",
        lambda f: acts.PlaceMessage(message=f.answer, new=True),
        "belongs to VF-EP2024-0002 alrea",
    ),
    ("place: new, type", lambda f: acts.PlaceMessage(message=f.stray, new=True, type="E"), "type: 'E' is not known"),
    (
        "place: new, election",
        lambda f: acts.PlaceMessage(message=f.stray, new=True, election="G"),
        "election G: there is no such election; `flaggermail election list` shows them",
    ),
    (
        "ok: reminder",
        lambda _: acts.Acknowledge(reminder="r"),
        "reminder r: there is no such reminder; `flaggermail on",
    ),
    ("ok: twice", lambda f: acts.Acknowledge(reminder=f.reminder), "was acknowledged by officer1 already"),
    ("override: officer", lambda _: acts.OverrideRota(officer="z", **NIGHT), "officer z: is not in oncall.yaml"),
    (
        "override: backwards",
        lambda _: acts.OverrideRota(officer="clerk", begins_at=START, ends_at=START),
        "override: ends 2024-06-06T10:34:00+02:00, which is not after its begin",
    ),
]


@pytest.mark.parametrize(
    ("act", "text"),
    [row[1:] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
    ids=[row[0] for row in (*CASE_REFUSALS, *MAIL_REFUSALS)],
)
def test_refusal_says_what_would_be_right_and_changes_nothing(
    furnished: Furnished, act: Callable[[Furnished], acts.Act], text: str
) -> None:
    """Each refusal names the thing, what is wrong with it, and where there is a way on, that way."""
    said = furnished.desk.refused(act(furnished), "officer1")
    assert text in said
    assert "\n" not in said


def test_refusals_left_the_record_whole(furnished: Furnished) -> None:
    """After any number of refused acts the rows are still what the events make."""
    furnished.desk.assert_whole()


# ---- what succeeds


def test_election_is_there_at_once_and_can_be_closed(desk: Desk) -> None:
    """A new election takes cases without a restart, and none once it is closed."""
    days = {**ELECTION, "polling_days": (date(2026, 3, 18), date(2026, 3, 16))}
    desk.do(acts.AddElection(code="GR2026", **days, exercise=True))  # type: ignore[arg-type] # one mapping for all fields
    found = desk.row(Election, "GR2026")
    assert (found.polling_days, found.exercise) == ((date(2026, 3, 16), date(2026, 3, 18)), True)
    opened = desk.do(acts.OpenCase(election="GR2026", type="other", origin="media")).key
    assert (opened, desk.row(Case, opened).exercise) == ("VF-GR2026-0001", True)
    desk.do(acts.CloseElection(code="GR2026"))
    assert desk.row(Election, "GR2026").closed_at == desk.clock.now()


def test_case_without_a_referral(desk: Desk) -> None:
    """Opened by an officer, who has it; numbers go up within an election."""
    first = desk.do(acts.OpenCase(**OPEN, title="A post", source="media"), "clerk").key
    second = desk.do(acts.OpenCase(**OPEN, related=(first,))).key
    case = desk.row(Case, first)
    assert (first, second) == ("VF-EP2024-0001", "VF-EP2024-0002")
    assert (case.title, case.source, case.opened_by, case.assigned_to) == ("A post", "media", "clerk", "clerk")
    assert (case.referrer_address, desk.row(Case, second).related) == (None, (first,))


def test_case_from_a_message_at_hand(desk: Desk) -> None:
    """Who wrote it is the referrer; he is confirmed only where somebody vouches for him."""
    sure = desk.receive(mail("who@elsewhere.example", "Fwd: Een bericht", "Wat is dit?"))
    unsure = desk.receive(mail("whom@elsewhere.example", "Bericht", "Wat is dat?", auth="none"))
    first = desk.do(acts.OpenCase(**OPEN, from_message=sure.id)).key
    second = desk.do(acts.OpenCase(**OPEN, from_message=unsure.id)).key
    assert desk.row(Case, first).referrer_address == "who@elsewhere.example"
    assert (desk.row(StoredMessage, sure.id).case, desk.row(StoredMessage, sure.id).kinds) == (first, ("referral",))
    assert desk.row(StoredMessage, unsure.id).case == second
    confirmed = [envelope.recipient for envelope in desk.all(OutboxMail, kind="intake_confirmation")]
    assert confirmed == ["who@elsewhere.example"]


def test_assign_link_and_correct(desk: Desk) -> None:
    """A case can be handed over, linked to others once each, and corrected in type and source."""
    one, two = (desk.do(acts.OpenCase(**OPEN)).key for _ in range(2))
    desk.do(acts.AssignCase(case=one, officer="weigher"))
    desk.do(acts.LinkCase(case=one, related=(two, two)))
    desk.do(acts.LinkCase(case=one, related=(two,)))
    desk.do(acts.ReclassifyCase(case=one, type="C_advert", source="government_body"))
    case = desk.row(Case, one)
    assert (case.assigned_to, case.related) == ("weigher", (two,))
    assert (case.type, case.source) == ("C_advert", "government_body")


def test_assessment_keeps_what_is_left_out(desk: Desk) -> None:
    """A second form adds to the first; who assessed and when stands with it, and few attempts are remarked on."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    said = desk.do(acts.Assess(case=number, incorrect=True, contradicts="art. J 16", own_attempts=1, satire=True))
    desk.do(acts.Assess(case=number, criteria=(2,), aspects=("conduct",)), "weigher")
    case = desk.row(Case, number)
    assert (case.incorrect, case.contradicts, case.criteria, case.aspects) == (True, "art. J 16", (2,), ("conduct",))
    assert (case.satire, case.assessed_by) == (True, "weigher")
    assert said.warnings == ("own attempts: 1; repeated attempts means at least 2",)


@pytest.mark.parametrize("decision", ["decline", "refer", "none"])
def test_decision_not_to_notify_is_told_to_the_referrer(desk: Desk, decision: str) -> None:
    """The decision is recorded with its author and reason, and the referrer hears the reason."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    desk.do(acts.Decide(case=number, decision=decision, reason="een mening, geen feit"), "weigher")
    desk.settle()
    case = desk.row(Case, number)
    assert (case.decision, case.decided_by, case.state) == (decision, "weigher", "decided")
    assert "een mening, geen feit" in desk.server.to(REFERRER)[-1].octets.decode()
    assert not [e for e in desk.server.envelopes if "platform" in e.recipient]


def test_case_is_closed_when_it_is_decided(desk: Desk) -> None:
    """Closed cases bear the instant."""
    number = desk.decided()
    desk.do(acts.CloseCase(case=number))
    assert (desk.row(Case, number).state, desk.row(Case, number).closed_at) == ("closed", desk.clock.now())


def test_spoken_answer_stops_the_clocks_when_it_was_given(desk: Desk) -> None:
    """Noted later, it counts from the call; the note bears both instants, its author, and is never changed."""
    key = desk.notified()
    desk.go_on(50)
    at = START + timedelta(minutes=20)
    case = desk.row(Notification, key).case
    desk.do(acts.NoteContact(case=case, **NOTE, effective_at=at, counts_as=("platform_ack",)), "clerk")
    note = desk.one(ContactNote)
    assert (note.effective_at, note.entered_at, note.author) == (at, desk.clock.now(), "clerk")
    assert desk.clocks(key) == {"receipt": ("stopped", 20), "human": ("stopped", 20), "substance": ("running", None)}


def test_notification_by_portal_is_a_use_by_hand(desk: Desk) -> None:
    """What was submitted elsewhere counts from the instant noted, on its channel, and says that it was noted by hand."""
    number = desk.decided()
    desk.clock.set(START + timedelta(minutes=5))
    act = acts.NoteContact(
        case=number, means="portal", text="Case 55 opened", effective_at=START, counts_as=("notification",),
        channel="tiktok-portal",
    )  # fmt: skip
    desk.do(act)
    use = desk.one(Notification)
    assert (use.platform, use.sent_at, use.by_hand, use.state) == ("TikTok", START, True, "sent")
    assert desk.row(Case, number).state == "notified"
    assert outbox.drain(desk.env) == 0


def test_message_is_vouched_for_refused_and_corrected(desk: Desk) -> None:
    """Each correction is an event, and the clocks follow it at once, back and forth."""
    key = desk.notified()
    desk.clock.set(START + timedelta(minutes=9))
    stored = desk.receive(mail(answers=desk.message_id_of(key), auth="none", at=desk.clock.now()))
    desk.do(acts.ConfirmMessage(message=stored.id))
    assert desk.row(StoredMessage, stored.id).verdict_basis == "confirmed by officer1"
    assert desk.clocks(key)["human"] == ("stopped", 9)
    desk.do(acts.ReclassifyMessage(message=stored.id, kinds=("auto_reply", "platform_ack")))
    assert (desk.clocks(key)["receipt"], desk.clocks(key)["human"]) == (("stopped", 9), ("running", None))
    desk.do(acts.ReclassifyMessage(message=stored.id, kinds=("substantive_reply",)))
    assert desk.clocks(key)["substance"] == ("stopped", 9)
    desk.do(acts.RefuseMessage(message=stored.id, reason="not their style"))
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}
    assert desk.happened(EventKind.CLOCK_RESUMED) == 4
    desk.assert_whole()


def test_message_leaves_the_quarantine_for_a_new_case_or_the_bin(desk: Desk) -> None:
    """A new case is opened from it; noise keeps its reason; what was noise can be called back into a case."""
    one, two = (desk.receive(mail(f"{n}@elsewhere.example", "Hello", "What?")) for n in "ab")
    opened = desk.do(acts.PlaceMessage(message=one.id, new=True, source="media")).key.split()[-1]
    assert desk.row(StoredMessage, one.id).case == opened
    desk.do(acts.PlaceMessage(message=two.id, noise=True, reason="advertising"))
    binned = desk.row(StoredMessage, two.id)
    assert (binned.place, binned.reason, binned.kinds) == ("noise", "advertising", ("noise",))
    desk.do(acts.PlaceMessage(message=two.id, case=opened))
    assert desk.row(StoredMessage, two.id).case == opened


def test_misplaced_answer_takes_its_stop_away_with_it(desk: Desk) -> None:
    """Moved out of the case, it stops nothing there any more."""
    key = desk.notified()
    stored = desk.receive(mail(answers=desk.message_id_of(key)))
    assert desk.clocks(key)["human"] == ("stopped", 0)
    desk.do(acts.PlaceMessage(message=stored.id, noise=True, reason="about something else"))
    assert desk.clocks(key)["human"] == ("running", None)


def test_typed_notification_counts_once_a_person_says_so(desk: Desk) -> None:
    """Placed and confirmed, the copy in Sent starts the clocks at its arrival there, by hand."""
    number = desk.decided()
    typed = desk.receive(mail(DESK, "Notice", "Could you check?", to=X_CHANNEL), folder="Sent")
    desk.clock.set(START + timedelta(minutes=40))
    desk.do(acts.PlaceMessage(message=typed.id, case=number))
    key = desk.do(acts.ConfirmMessage(message=typed.id)).key
    use = desk.row(Notification, key)
    assert (use.sent_at, use.by_hand, use.message_id) == (START, True, typed.message_id)
    assert set(desk.clocks(key).values()) == {("running", None)}
    assert [alarm.kind for alarm in desk.all(Alarm)] == ["unregistered use"]


def test_waiting_mail_is_taken_back(desk: Desk) -> None:
    """Before the first attempt a mail can be cancelled, and never leaves; the case can be decided anew."""
    key = desk.drafted()
    desk.do(acts.Approve(draft=key))
    desk.do(acts.CancelMail(mail=desk.mail_of(key).id))
    desk.settle()
    assert (desk.mail_of(key).state, desk.server.envelopes) == ("cancelled", [])
    use = desk.row(Notification, key)
    assert use.state == "cancelled"
    desk.do(acts.Decide(case=use.case, decision="none", reason="they saw it themselves"))


def test_override_sends_the_next_reminder_to_whoever_took_over(desk: Desk) -> None:
    """What is not yet due goes to the officer who is on call when it falls due."""
    desk.notified()
    desk.do(acts.OverrideRota(officer="officer2", begins_at=START + timedelta(minutes=59), ends_at=LATER))
    desk.go_on(60)
    assert desk.one(Override).entered_by == "officer1"
    assert desk.one(Reminder).officer == "officer2"
