# SPDX-License-Identifier: EUPL-1.2
"""Legal holds: what a hold keeps is not destroyed by the only timer that destroys."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from flaggermail.cases import erasure
from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import CloseCase, OpenCase
from flaggermail.commands.door import COMMANDS, command_of
from flaggermail.commands.elections import AddElection, CloseElection
from flaggermail.commands.holds import LiftHold, PlaceHold
from flaggermail.commands.move import DeclineMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.errors import Refusal
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import ElectionSecret, LegalHold, OutboxMail
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ARCHIVIST
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, mail
from tests.store.test_citizens import SUBJECT, TEXT, after_the_window, archived, declined, report

WOO = "request of 3 July 2024 under the Woo"


def closed(desk: Desk) -> str:
    """Opens a case, decides it without action and closes it; returns its number."""
    number = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)).key
    desk.do(Decide(case=number, decision=Decision.NONE, reason="nothing to do"))
    desk.do(CloseCase(case=number))
    return number


# ---------------------------------------------------------------- the citizens' timer


def test_a_hold_on_the_election_keeps_citizens_mail_until_it_is_lifted(desk: Desk) -> None:
    """Mail and answer outlast the window as long as the hold lasts, and are destroyed at the first tick after it."""
    octets = report()
    stored = declined(desk, octets)
    hold = desk.do(PlaceHold(election="EP2024", reason=WOO)).key
    assert after_the_window(desk) == 0
    assert after_the_window(desk) == 0
    assert octets in list(archived(desk))
    assert desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE)).recipient == CITIZEN
    desk.do(LiftHold(hold=hold, reason="answered on 1 November 2024"), by="head1")
    assert erasure.tick(desk.env) == 2
    assert octets not in list(archived(desk))
    assert desk.message(stored.id).discarded_at == desk.clock.now()
    assert desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE)).recipient == ""
    desk.assert_whole()


def test_a_hold_with_a_last_day_ends_by_itself_and_not_before(desk: Desk) -> None:
    """On its last day, in the desk's zone, nothing is destroyed; on the next day what is due goes."""
    declined(desk)
    last = (desk.clock.now() + timedelta(days=100)).date()
    desk.do(PlaceHold(election="EP2024", reason=WOO, until=last))
    night = datetime.combine(last, time(23, 59), desk.env.settings.zone)
    desk.clock.set(night)
    assert erasure.tick(desk.env) == 0
    desk.clock.set(night + timedelta(minutes=1))
    assert erasure.tick(desk.env) == 2


def test_two_holds_keep_until_both_are_lifted(desk: Desk) -> None:
    """A parliamentary question that is answered does not free what a request under the Woo still needs."""
    declined(desk)
    first, second = (desk.do(PlaceHold(election="EP2024", reason=reason)).key for reason in (WOO, "question 2024Z1"))
    desk.do(LiftHold(hold=first, reason="answered"), by="head1")
    assert after_the_window(desk) == 0
    desk.do(LiftHold(hold=second, reason="answered"), by="head1")
    assert erasure.tick(desk.env) == 2


def test_a_hold_on_another_election_keeps_nothing_here(desk: Desk) -> None:
    """A citizens' mail is kept by the elections in whose period it came, and by no other."""
    declined(desk)
    day = date(2027, 3, 17)
    desk.do(
        AddElection(
            code="PS27", name_nl="P", name_en="P", polling_days=(day,), period_from=day, period_until=day, exercise=True
        )
    )
    desk.do(PlaceHold(election="PS27", reason=WOO))
    desk.do(PlaceHold(case=closed(desk), reason=WOO))
    assert after_the_window(desk) == 2


def test_a_hold_on_a_case_keeps_the_declined_mail_in_which_its_mail_came(desk: Desk) -> None:
    """A mail was attached to a citizen's: while its case is on hold, the outer mail is not destroyed either."""
    outer = declined(desk)
    inner = desk.receive(mail(REFERRER, "Twee vakken", "Zie de bijlage."))
    with desk.env.store.begin() as tx:
        change = changed(inner, replace(inner, enclosed_in=outer.id))
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MESSAGE_PLACED, change)
    assert inner.case is not None
    hold = desk.do(PlaceHold(case=inner.case, reason=WOO)).key
    after_the_window(desk)
    assert desk.message(outer.id).discarded_at is None
    desk.do(LiftHold(hold=hold, reason="answered"), by="head1")
    assert erasure.tick(desk.env) == 1
    assert desk.message(outer.id).discarded_at is not None


def test_mail_that_a_person_declines_on_hold_is_kept(desk: Desk) -> None:
    """A decline by hand empties the row, and the octets stay for as long as the election is on hold."""
    waiting = desk.receive(report(text=f"{TEXT} Ik ben van de gemeente."))
    desk.do(PlaceHold(election="EP2024", reason=WOO))
    desk.do(DeclineMessage(message=waiting.id))
    delivery.drain(desk.env)
    assert after_the_window(desk) == 0
    assert any(SUBJECT.encode() in octets for octets in archived(desk))


def test_the_key_of_a_closed_election_goes_when_the_hold_does(desk: Desk) -> None:
    """Closing an election on hold keeps the key that recognises its senders; the end of the hold destroys it."""
    declined(desk)
    hold = desk.do(PlaceHold(election="EP2024", reason=WOO)).key
    desk.do(CloseElection(code="EP2024"))
    assert after_the_window(desk) == 0
    assert desk.one(ElectionSecret).secret is not None
    desk.do(LiftHold(hold=hold, reason="answered"), by="head1")
    erasure.tick(desk.env)
    assert desk.one(ElectionSecret).secret is None
    desk.assert_whole()


def test_no_mail_leaves_a_hold_by_another_place(desk: Desk) -> None:
    """Mail of a case on hold goes to no other place, from which it could be declined and then destroyed."""
    referral = desk.receive(mail(REFERRER, "Twee vakken", "Twee rondjes op een lijst."))
    assert referral.case is not None
    hold = desk.do(PlaceHold(case=referral.case, reason=WOO)).key
    other = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)).key
    for act in (
        PlaceMessage(message=referral.id, noise=True, reason="nothing"),
        PlaceMessage(message=referral.id, back=True),
        PlaceMessage(message=referral.id, case=other),
        PlaceMessage(message=referral.id, new=True),
    ):
        assert f"is kept by the hold {hold}" in desk.refused(act)
    desk.do(LiftHold(hold=hold, reason="answered"), by="head1")
    desk.do(PlaceMessage(message=referral.id, case=other))


def test_within_an_election_on_hold_mail_may_be_filed_anew(desk: Desk) -> None:
    """The new place is kept by the same hold, so a mistake can be corrected on the night itself."""
    referral = desk.receive(mail(REFERRER, "Twee vakken", "Twee rondjes op een lijst."))
    desk.do(PlaceHold(election="EP2024", reason=WOO))
    other = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)).key
    desk.do(PlaceMessage(message=referral.id, case=other))
    desk.do(PlaceMessage(message=referral.id, noise=True, reason="sent by mistake"))


# ---------------------------------------------------------------- the command


def test_a_hold_names_one_thing_a_reason_and_a_day_to_come(desk: Desk) -> None:
    """What a hold lacks is named, and nothing is recorded."""
    case = closed(desk)
    assert "needs either a case or an election" in desk.refused(PlaceHold(reason=WOO))
    assert "needs either a case or an election" in desk.refused(PlaceHold(case=case, election="EP2024", reason=WOO))
    assert "reason" in desk.refused(PlaceHold(case=case, reason=" \n"))
    assert "that day is over" in desk.refused(PlaceHold(case=case, reason=WOO, until=date(2024, 6, 5)))
    assert "no such election" in desk.refused(PlaceHold(election="EP2025", reason=WOO))
    assert "no such case" in desk.refused(PlaceHold(case="VF-EP2024-0099", reason=WOO))


def test_a_hold_on_its_last_day_and_a_lifted_one(desk: Desk) -> None:
    """A hold for today lasts today; a hold is lifted once, and none that is over."""
    case = closed(desk)
    today = desk.clock.now().date()
    hold = desk.do(PlaceHold(case=case, reason=WOO, until=today)).key
    desk.do(LiftHold(hold=hold, reason="a mistake"), by="head1")
    assert "was lifted on 2024-06-06" in desk.refused(LiftHold(hold=hold, reason="again"), by="head1")
    short = desk.do(PlaceHold(case=case, reason=WOO, until=today)).key
    desk.clock.set(desk.clock.now() + timedelta(days=1))
    assert "ended on 2024-06-06" in desk.refused(LiftHold(hold=short, reason="late"), by="head1")
    assert "no such hold" in desk.refused(LiftHold(hold="h9", reason="typo"), by="head1")
    assert "reason" in desk.refused(LiftHold(hold=short, reason=""), by="head1")


def test_an_archivist_places_and_lifts_holds_and_gives_no_other_command(desk: Desk) -> None:
    """Who is listed under `archivists` keeps and lets go, by their own login; nothing else is theirs to command."""
    door = Door(lambda: desk.env, Caller(login="archivist1"))
    hold = door.answer("archive hold", {"election": "EP2024", "reason": WOO})["key"]
    assert desk.row(LegalHold, str(hold)).placed_by == "archivist1"
    door.answer("archive release", {"hold": hold, "reason": "answered"})
    assert desk.row(LegalHold, str(hold)).lifted_by == "archivist1"
    for name in sorted(set(COMMANDS) - {"archive exclude", "archive hold", "archive release"}):
        assert ARCHIVIST not in command_of(name).MAY
    with pytest.raises(Refusal, match="election close: archivist1 has none of the roles"):
        door.answer("election close", {"code": "EP2024"})
    with pytest.raises(Refusal, match="no officer"):
        Door(lambda: desk.env, Caller(login="mallory")).answer("archive hold", {"election": "EP2024", "reason": WOO})


@pytest.mark.parametrize("who", ["officer1", "clerk", "weigher", "signer"])
def test_who_places_a_hold_may_not_lift_it(desk: Desk, who: str) -> None:
    """Everybody of the desk may keep; to let something go takes the head or the archivist."""
    hold = desk.do(PlaceHold(election="EP2024", reason=WOO), by=who).key
    assert "has none of the roles" in desk.refused(LiftHold(hold=hold, reason="answered"), by=who)
    row = desk.row(LegalHold, hold)
    assert (row.placed_by, row.lifted_at, row.reason) == (who, None, WOO)
