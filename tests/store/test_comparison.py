# SPDX-License-Identifier: EUPL-1.2
"""Lists the archived messages that other rules would judge differently, given what was known when each arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.commands.elections import CloseElection
from flaggermail.commands.messages import ConfirmMessage, ReclassifyMessage, RefuseMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.desk.rule_comparison import ArchivedMessage, Difference, archive, compare
from flaggermail.record.case_values import CaseType
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from flaggermail.reminders import sending
from flaggermail.rules.classifier import Rule, RuleSet
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import CITIZEN, REFERRER, START, Desk, X, mail
from tests.store.rejudging import found_otherwise

REFERRAL = ("Bericht over stembiljet", "Er gaat een bericht rond dat u twee vakjes moet kleuren.")
REPORT = ("Nep", "Ik zag dit, haal het weg.")


def an_archive(desk: Desk) -> tuple[str, StoredMessage, StoredMessage, StoredMessage]:
    """Builds a notification, its answer, a referral that opened a case, and a citizen's report."""
    use = desk.notified()
    answer = desk.receive(mail(X, answers=desk.message_id_of(use)))
    referral = desk.receive(mail(REFERRER, *REFERRAL))
    citizen = desk.receive(mail(CITIZEN, *REPORT))
    return use, answer, referral, citizen


def at_work(desk: Desk, look: Callable[[UnitOfWork], None]) -> None:
    """Runs `look` on the record years later."""
    desk.clock.set(START + timedelta(days=1000))
    with desk.env.store.read() as tx:
        look(UnitOfWork(desk.env, tx, desk.clock.now()))


def changed(desk: Desk, new: RuleSet) -> dict[str, Difference]:
    """Returns what `new` would judge differently, by message id."""
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        found = list(compare(work, desk.env.settings.rules, new, lambda _: None))
    assert [one.arrived.row.id for one in found] == sorted(one.arrived.row.id for one in found)
    return {one.arrived.row.id: one for one in found}


def with_rules(desk: Desk, change: Callable[[Rule], Rule | None]) -> RuleSet:
    """Returns the rules in force, each changed or left out."""
    rules = desk.env.settings.rules
    return replace(rules, rules=tuple(other for rule in rules.rules if (other := change(rule)) is not None))


def without(desk: Desk, stored: StoredMessage) -> RuleSet:
    """Returns the rules in force without the one that decided a message."""
    return with_rules(desk, lambda rule: None if stored.rule == f"{rule.place} {rule.name}" else rule)


def labelled(desk: Desk, stored: StoredMessage) -> RuleSet:
    """Returns the rules in force, where the one that decided a message also adds a label."""

    def change(rule: Rule) -> Rule:
        decided = stored.rule == f"{rule.place} {rule.name}"
        return replace(rule, then=replace(rule.then, labels=("seen",))) if decided else rule

    return with_rules(desk, change)


# ---- what would change


def test_exactly_the_message_whose_outcome_changes_is_listed(desk: Desk) -> None:
    """An answer that no rule recognises any more is listed with old and new outcome, and affects clocks."""
    _, answer, _, _ = an_archive(desk)
    found = changed(desk, without(desk, answer))
    assert list(found) == [answer.id]
    one = found[answer.id]
    assert (one.old.says.english, one.new.says.english) == ("platform_ack to case", "unknown to case")
    assert (one.clocks, one.cases) == (True, False)


def test_a_label_alone_changes_no_clock_and_no_case(desk: Desk) -> None:
    """A changed label is listed, but affects neither clock nor case."""
    _, answer, _, _ = an_archive(desk)
    found = changed(desk, labelled(desk, answer))
    assert {key: (one.new.says.english, one.clocks, one.cases) for key, one in found.items()} == {
        answer.id: ("platform_ack to case #seen", False, False)
    }


def test_a_referral_that_no_rule_knows_would_open_no_case(desk: Desk) -> None:
    """The referral would be quarantined."""
    _, _, referral, _ = an_archive(desk)
    found = changed(desk, without(desk, referral))
    assert list(found) == [referral.id]
    assert (found[referral.id].old.place, found[referral.id].new.place) == ("case", "quarantine")
    assert (found[referral.id].clocks, found[referral.id].cases) == (False, True)


def test_another_type_of_the_case_is_a_change_of_cases(desk: Desk) -> None:
    """Another case type affects cases, although the mail would be in a case as before."""
    _, _, referral, _ = an_archive(desk)

    def change(rule: Rule) -> Rule:
        decided = referral.rule == f"{rule.place} {rule.name}"
        return replace(rule, then=replace(rule.then, case_type=CaseType.CHANNEL)) if decided else rule

    found = changed(desk, with_rules(desk, change))
    assert {key: one.cases for key, one in found.items()} == {referral.id: True}


def test_a_rule_under_another_name_changes_nothing(desk: Desk) -> None:
    """The same outcome through another rule is no difference."""
    an_archive(desk)
    assert changed(desk, with_rules(desk, lambda rule: replace(rule, name=f"new {rule.name}"))) == {}


def test_what_a_person_said_stands(desk: Desk) -> None:
    """A message corrected or placed by hand is listed, but neither clock nor case would change."""
    _, answer, referral, citizen = an_archive(desk)
    desk.do(ReclassifyMessage(message=answer.id, kinds=(Kind.SUBSTANTIVE_REPLY,)))
    desk.do(PlaceMessage(message=referral.id, noise=True, reason="a test of the referrer"))
    for stored in (answer, referral):
        found = changed(desk, without(desk, stored))
        assert list(found) == [stored.id]
        one = found[stored.id]
        assert (one.arrived.by_hand, one.clocks, one.cases) == (True, False, False)
    assert not changed(desk, without(desk, citizen))[citizen.id].arrived.by_hand


def test_an_answer_that_stops_nothing_changes_no_clock(desk: Desk) -> None:
    """An unverified answer affects no clock; once a person confirms it, it does."""
    use = desk.notified()
    answer = desk.receive(mail(X, answers=desk.message_id_of(use), auth=None))
    assert not changed(desk, without(desk, answer))[answer.id].clocks
    desk.do(ConfirmMessage(message=answer.id))
    assert changed(desk, without(desk, answer))[answer.id].clocks


# ---- what was known when the mail arrived


def as_it_came(desk: Desk, stored: StoredMessage) -> ArchivedMessage:
    """Returns the message as it was at its arrival, read years later.

    All other messages must be judged as they were then, too.
    """
    found: dict[str, ArchivedMessage] = {}

    def look(work: UnitOfWork) -> None:
        found.update({one.row.id: one for one in archive(work)})
        assert found_otherwise(work) == (len(found), [])

    at_work(desk, look)
    return found[stored.id]


def test_the_period_is_that_of_the_day_it_came(desk: Desk) -> None:
    """The period counts even though it is long past and the election was closed since."""
    _, _, referral, _ = an_archive(desk)
    desk.clock.set(START + timedelta(days=30))
    sending.tick(desk.env)
    desk.do(CloseElection(code="EP2024"), "head1")
    assert as_it_came(desk, referral).context.period


def test_mail_taken_in_after_the_period_knew_of_none(desk: Desk) -> None:
    """A mail that arrived within the period but was ingested after it has no period."""
    desk.clock.set(START + timedelta(days=30))
    late = desk.receive(mail(CITIZEN, *REPORT), at=START)
    assert not as_it_came(desk, late).context.period


def test_a_citizens_report_that_came_late_would_wait_again(desk: Desk) -> None:
    """A report ingested late was quarantined, and would be quarantined again."""
    late = desk.receive(mail(CITIZEN, *REPORT), at=START - timedelta(days=3))
    assert late.place == "quarantine"
    as_it_came(desk, late)


def test_a_sender_declined_later_was_not_declined_before(desk: Desk) -> None:
    """Of three mails the second was declined, so only the third comes from a sender declined before."""
    unverified = desk.receive(mail(CITIZEN, *REPORT, auth=None))
    desk.receive(mail("ander@mailprovider.example", *REPORT))
    again = desk.receive(mail("ander@mailprovider.example", "Nog een", "Ik zag dit ook. Haal het weg."))
    assert not as_it_came(desk, unverified).context.declined_before
    assert as_it_came(desk, again).context.declined_before


def test_what_a_person_says_of_a_sender_later_was_not_known(desk: Desk) -> None:
    """A sender confirmed or refused later is judged by the verdict of our own server at the time."""
    use = desk.notified()
    vouched = desk.receive(mail(X, answers=desk.message_id_of(use), auth=None))
    refused = desk.receive(mail(X, text="Received, thank you.", answers=desk.message_id_of(use)))
    desk.do(ConfirmMessage(message=vouched.id))
    desk.do(RefuseMessage(message=refused.id, reason="he phoned and knows of nothing"))
    assert as_it_came(desk, vouched).context.verdict == "unverified"
    assert as_it_came(desk, refused).context.verdict == "verified"


def test_a_second_copy_with_a_better_verdict_was_not_there_yet(desk: Desk) -> None:
    """The record keeps the best verdict and earliest instant of all copies; the rules judged the first copy."""
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
    """An earlier case of the same sender is a hint too weak to keep the next referral from opening its own case."""
    desk.receive(mail(REFERRER, *REFERRAL))
    other = desk.receive(mail(REFERRER, "Ander onderwerp", "Een account doet zich voor als het stembureau."))
    assert other.suggestions
    assert other.place == "case"
    assert not as_it_came(desk, other).context.suggested


@pytest.mark.parametrize("back", [False, True])
def test_where_a_mail_belonged_is_what_its_keys_said(desk: Desk, *, back: bool) -> None:
    """The placement is that of the thread keys, whatever a person changed since."""
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
