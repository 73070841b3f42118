# SPDX-License-Identifier: EUPL-1.2
"""Which messages of an archive other rules would judge otherwise, by what was known of each when it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.commands.acts import CloseElection, ConfirmMessage, PlaceMessage, ReclassifyMessage, RefuseMessage
from flaggermail.record.rows import StoredMessage
from flaggermail.reminders import reminders
from flaggermail.rule_changes.comparison import ArchivedMessage, Difference, archive, compare
from flaggermail.rules.classifier import Rule, RuleSet
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import CITIZEN, REFERRER, START, Desk, X, mail
from tests.store.rejudging import found_otherwise

REFERRAL = ("Bericht over stembiljet", "Er gaat een bericht rond dat u twee vakjes moet kleuren.")
REPORT = ("Nep", "Ik zag dit, haal het weg.")


def an_archive(desk: Desk) -> tuple[str, StoredMessage, StoredMessage, StoredMessage]:
    """A notification, its answer, a referral that opened a case, and a citizen's report."""
    use = desk.notified()
    answer = desk.receive(mail(X, answers=desk.message_id_of(use)))
    referral = desk.receive(mail(REFERRER, *REFERRAL))
    citizen = desk.receive(mail(CITIZEN, *REPORT))
    return use, answer, referral, citizen


def at_work(desk: Desk, look: Callable[[UnitOfWork], None]) -> None:
    """Look at the record years later."""
    desk.clock.set(START + timedelta(days=1000))
    with desk.env.store.read() as tx:
        look(UnitOfWork(desk.env, tx, desk.clock.now()))


def changed(desk: Desk, new: RuleSet) -> dict[str, Difference]:
    """What `new` would judge otherwise, by message."""
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        found = list(compare(work, desk.env.settings.rules, new, lambda _: None))
    assert [one.arrived.row.id for one in found] == sorted(one.arrived.row.id for one in found)
    return {one.arrived.row.id: one for one in found}


def with_rules(desk: Desk, change: Callable[[Rule], Rule | None]) -> RuleSet:
    """The rules in force, each changed or taken out."""
    rules = desk.env.settings.rules
    return replace(rules, rules=tuple(other for rule in rules.rules if (other := change(rule)) is not None))


def without(desk: Desk, stored: StoredMessage) -> RuleSet:
    """The rules in force without the one that decided a message."""
    return with_rules(desk, lambda rule: None if stored.rule == f"{rule.place} {rule.name}" else rule)


def labelled(desk: Desk, stored: StoredMessage) -> RuleSet:
    """The rules in force, where the one that decided a message gives a label besides."""

    def change(rule: Rule) -> Rule:
        decided = stored.rule == f"{rule.place} {rule.name}"
        return replace(rule, then=replace(rule.then, labels=("seen",))) if decided else rule

    return with_rules(desk, change)


# ---- what would change


def test_exactly_the_message_whose_outcome_changes_is_listed(desk: Desk) -> None:
    """An answer that no rule knows any more: old and new side by side, and its clocks would run."""
    _, answer, _, _ = an_archive(desk)
    found = changed(desk, without(desk, answer))
    assert list(found) == [answer.id]
    one = found[answer.id]
    assert (one.old.says, one.new.says) == ("platform_ack to case", "unknown to case")
    assert (one.clocks, one.cases) == (True, False)


def test_a_label_alone_changes_no_clock_and_no_case(desk: Desk) -> None:
    """It is listed all the same."""
    _, answer, _, _ = an_archive(desk)
    found = changed(desk, labelled(desk, answer))
    assert {key: (one.new.says, one.clocks, one.cases) for key, one in found.items()} == {
        answer.id: ("platform_ack to case #seen", False, False)
    }


def test_a_referral_that_no_rule_knows_would_open_no_case(desk: Desk) -> None:
    """It would lie in the quarantine."""
    _, _, referral, _ = an_archive(desk)
    found = changed(desk, without(desk, referral))
    assert list(found) == [referral.id]
    assert (found[referral.id].old.place, found[referral.id].new.place) == ("case", "quarantine")
    assert (found[referral.id].clocks, found[referral.id].cases) == (False, True)


def test_another_type_of_the_case_is_a_change_of_cases(desk: Desk) -> None:
    """The case would be another one, though the mail would lie in a case as before."""
    _, _, referral, _ = an_archive(desk)

    def change(rule: Rule) -> Rule:
        decided = referral.rule == f"{rule.place} {rule.name}"
        return replace(rule, then=replace(rule.then, case_type="B_channel")) if decided else rule

    found = changed(desk, with_rules(desk, change))
    assert {key: one.cases for key, one in found.items()} == {referral.id: True}


def test_a_rule_under_another_name_changes_nothing(desk: Desk) -> None:
    """What is the same by another rule is the same."""
    an_archive(desk)
    assert changed(desk, with_rules(desk, lambda rule: replace(rule, name=f"new {rule.name}"))) == {}


def test_what_a_person_said_stands(desk: Desk) -> None:
    """Corrected or placed by hand: listed, and neither clock nor case would change."""
    _, answer, referral, citizen = an_archive(desk)
    desk.do(ReclassifyMessage(message=answer.id, kinds=("substantive_reply",)))
    desk.do(PlaceMessage(message=referral.id, noise=True, reason="a test of the referrer"))
    for stored in (answer, referral):
        found = changed(desk, without(desk, stored))
        assert list(found) == [stored.id]
        one = found[stored.id]
        assert (one.arrived.by_hand, one.clocks, one.cases) == (True, False, False)
    assert not changed(desk, without(desk, citizen))[citizen.id].arrived.by_hand


def test_an_answer_that_stops_nothing_changes_no_clock(desk: Desk) -> None:
    """Nobody vouched for its sender; once a person has, its clocks are at stake."""
    use = desk.notified()
    answer = desk.receive(mail(X, answers=desk.message_id_of(use), auth=None))
    assert not changed(desk, without(desk, answer))[answer.id].clocks
    desk.do(ConfirmMessage(message=answer.id))
    assert changed(desk, without(desk, answer))[answer.id].clocks


# ---- what was known then


def as_it_came(desk: Desk, stored: StoredMessage) -> ArchivedMessage:
    """The message as it was when it came, asked for years later, when everything else is judged as it was too."""
    found: dict[str, ArchivedMessage] = {}

    def look(work: UnitOfWork) -> None:
        found.update({one.row.id: one for one in archive(work)})
        assert found_otherwise(work) == (len(found), [])

    at_work(desk, look)
    return found[stored.id]


def test_the_period_is_that_of_the_day_it_came(desk: Desk) -> None:
    """Long past, and the election closed since."""
    _, _, referral, _ = an_archive(desk)
    desk.clock.set(START + timedelta(days=30))
    reminders.tick(desk.env)
    desk.do(CloseElection(code="EP2024"), "head1")
    assert as_it_came(desk, referral).context.period


def test_mail_taken_in_after_the_period_knew_of_none(desk: Desk) -> None:
    """It arrived within, and nobody saw it then."""
    desk.clock.set(START + timedelta(days=30))
    late = desk.receive(mail(CITIZEN, *REPORT), at=START)
    assert not as_it_came(desk, late).context.period


def test_a_citizens_report_that_came_late_would_wait_again(desk: Desk) -> None:
    """Nobody was declined because of it, and nobody would be."""
    late = desk.receive(mail(CITIZEN, *REPORT), at=START - timedelta(days=3))
    assert late.place == "quarantine"
    as_it_came(desk, late)


def test_a_sender_declined_later_was_not_declined_before(desk: Desk) -> None:
    """Of three mails the second was declined, so only the third comes from somebody who had been."""
    unverified = desk.receive(mail(CITIZEN, *REPORT, auth=None))
    desk.receive(mail("ander@mailprovider.example", *REPORT))
    again = desk.receive(mail("ander@mailprovider.example", "Nog een", "Ik zag dit ook. Haal het weg."))
    assert not as_it_came(desk, unverified).context.declined_before
    assert as_it_came(desk, again).context.declined_before


def test_what_a_person_says_of_a_sender_later_was_not_known(desk: Desk) -> None:
    """Vouched for, or refused: then it was what our own server said."""
    use = desk.notified()
    vouched = desk.receive(mail(X, answers=desk.message_id_of(use), auth=None))
    refused = desk.receive(mail(X, text="Received, thank you.", answers=desk.message_id_of(use)))
    desk.do(ConfirmMessage(message=vouched.id))
    desk.do(RefuseMessage(message=refused.id, reason="he phoned and knows of nothing"))
    assert as_it_came(desk, vouched).context.verdict == "unverified"
    assert as_it_came(desk, refused).context.verdict == "verified"


def test_a_second_copy_with_a_better_verdict_was_not_there_yet(desk: Desk) -> None:
    """The record counts the best verdict and the earliest instant of all copies; the rules judged the first copy."""
    use = desk.notified()
    key = desk.message_id_of(use)
    name = "one@x-platform.example"
    desk.clock.set(START + timedelta(minutes=9))
    first = desk.receive(mail(X, auth=None, answers=key, message_id=name))
    again = desk.receive(mail(X, answers=key, message_id=name), at=START + timedelta(minutes=3))
    assert (again.id, again.verdict) == (first.id, "verified")
    context = as_it_came(desk, first).context
    assert (context.verdict, context.minutes, context.channel) == ("unverified", 9, "x-urgent")


def test_a_hint_is_no_suggestion(desk: Desk) -> None:
    """The same sender has a case: told, and too weak to keep his next referral from being a case of its own."""
    desk.receive(mail(REFERRER, *REFERRAL))
    other = desk.receive(mail(REFERRER, "Ander onderwerp", "Een account doet zich voor als het stembureau."))
    assert other.suggestions
    assert other.place == "case"
    assert not as_it_came(desk, other).context.suggested


@pytest.mark.parametrize("back", [False, True])
def test_where_a_mail_belonged_is_what_its_keys_said(desk: Desk, *, back: bool) -> None:
    """Whatever a person made of it since."""
    use, answer, referral, _ = an_archive(desk)
    for stored in (answer, referral):
        desk.do(
            PlaceMessage(message=stored.id, back=True, reason="wrong")
            if back
            else PlaceMessage(message=stored.id, case=desk.decided())
        )
    assert as_it_came(desk, answer).context.placed
    assert as_it_came(desk, answer).row.notification == use
    assert not as_it_came(desk, referral).context.placed
