# SPDX-License-Identifier: EUPL-1.2
"""`archive exclude`: noise and private mail is taken out in its review window, by few, and the counts still close."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.cases import erasure
from flaggermail.cases.erasure import take_out
from flaggermail.cli.showing import parts
from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.holds import ExcludeMessage, LiftHold, PlaceHold
from flaggermail.commands.messages import ReclassifyMessage, RefuseMessage
from flaggermail.commands.move import DeclineMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.errors import Refusal
from flaggermail.intake import poll
from flaggermail.outbox import delivery
from flaggermail.record.case_values import Decision
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.stories.doubles import ListMailbox
from flaggermail.wording.said import UNSAID
from tests.store.conftest import new_store
from tests.store.desk_fixtures import REFERRER, START, Desk, X, mail
from tests.store.test_archive_verify import counts, verified
from tests.store.test_citizens import archived, held, report

ADDRESS, SUBJECT, TEXT = "tante.kanarie@elsewhere.example", "Verjaardag van Karel", "Kom je zondag taart eten?"
WHY = "private mail, came here by mistake"
PRIVATE = mail(ADDRESS, SUBJECT, TEXT)


def exclusion(message: StoredMessage, reason: str = WHY) -> ExcludeMessage:
    """Builds the command."""
    return ExcludeMessage(message=message.id, reason=reason)


def private(desk: Desk, octets: bytes = PRIVATE) -> StoredMessage:
    """Takes in a mail that an officer put to the noise; the notices of it have gone out."""
    stored = desk.receive(octets)
    desk.settle()
    desk.do(PlaceMessage(message=stored.id, noise=True, reason="nothing for us"))
    desk.settle()
    return desk.message(stored.id)


def traces(desk: Desk) -> list[str]:
    """Returns what of the private mail the database and the archive still hold."""
    everywhere = b"\n".join((held(desk), *archived(desk)))
    return [each for each in (ADDRESS, SUBJECT, TEXT) if each.encode() in everywhere]


# ---------------------------------------------------------------- the story


def test_private_mail_is_taken_out_and_the_counts_close(desk: Desk) -> None:
    """From the mail in the mailbox to its tombstone: archive and audit prove the rest, and say who did it and why."""
    box = ListMailbox(desk.env.settings.desk.mailbox)
    for octets in (PRIVATE, mail(REFERRER, "Vraag", "Een vraag.")):
        box.deliver("inbox", octets, desk.clock.now())
    poll.look(desk.env, box)
    stored = desk.holding(PRIVATE)
    desk.settle()
    desk.do(PlaceMessage(message=stored.id, noise=True, reason=f"of {ADDRESS}"))
    assert traces(desk) == [ADDRESS, SUBJECT, TEXT]
    archivist = Door(lambda: desk.env, Caller(login="archivist1"))
    archivist.answer("archive retention")
    assert f'"message": "{stored.id}"' in archivist.fetch("archive retention lines").whole().decode()
    archivist.answer("archive exclude", {"message": stored.id, "reason": WHY})
    assert traces(desk) == []
    row = desk.message(stored.id)
    assert (row.place, row.excluded_by, row.discarded_at) == (Place.NOISE, "archivist1", desk.clock.now())
    assert row.reason.english == f"taken out of the archive: {WHY}"
    found = verified(desk.env)
    assert (found["closes"], found["findings"]) == (True, [])
    assert counts(desk.env)[None] == (2, 1, {"taken out": 1}, 0, 0)
    said = [{
        "message": stored.id, "arrived": "2024-06-06", "at": "2024-06-06T10:34:00+02:00", "by": "archivist1",
        "reason": f"taken out of the archive: {WHY}",
    }]  # fmt: skip
    for document in (found, archivist.answer("archive retention")):
        taken_out = [{name: one[name] for name in said[0]} for one in parts(document, "taken_out")]
        assert (taken_out, document["taken_out_further"]) == (said, 0)
    assert stored.id not in archivist.fetch("archive retention lines").whole().decode()
    (event,) = [one for one in desk.events() if one.kind is EventKind.MESSAGE_EXCLUDED]
    assert (event.actor, event.message, event.reason) == ("archivist1", stored.id, "")
    gone = [one.reason for one in desk.events() if one.kind is EventKind.OCTETS_DISCARDED]
    assert set(gone) == {"taken out"}
    desk.assert_whole()


def test_a_copy_that_comes_later_brings_nothing_back(desk: Desk) -> None:
    """A second delivery, an earlier or a better vouched one, restores neither octets nor whoever wrote it."""
    first = mail(ADDRESS, SUBJECT, TEXT, auth=None)
    stored = private(desk, first)
    desk.do(exclusion(stored), by="head1")
    before = desk.message(stored.id)
    for again in (first, PRIVATE):
        assert desk.receive(again, at=desk.clock.now() - timedelta(minutes=5)).id == stored.id
        assert desk.message(stored.id) == before
    assert traces(desk) == []
    desk.assert_whole()


def test_what_was_found_at_receipt_goes_with_it(desk: Desk) -> None:
    """The basis of the verdict names the sender's domain: each copy loses it, and a later copy does not bring it."""
    stored = private(desk)
    (before,) = desk.deliveries(message=stored.id)
    assert before.verdict_basis.english == "dmarc=pass by mx.bzk.example for elsewhere.example"
    kept = json.dumps(str(before.verdict_basis), ensure_ascii=False).encode()
    assert kept in held(desk)
    desk.do(exclusion(stored), by="head1")
    desk.receive(PRIVATE, at=desk.clock.now() - timedelta(minutes=5))
    first, again = sorted(desk.deliveries(message=stored.id), key=lambda one: one.first_seen_at)
    assert first == replace(before, verdict_basis=UNSAID)
    assert (again.verdict, again.verdict_basis) == ("verified", UNSAID)
    assert kept not in held(desk)
    desk.assert_whole()


def test_what_came_attached_goes_with_it_and_not_alone(desk: Desk) -> None:
    """Both rows stay as tombstones; the attached one names the mail that holds it."""
    outer = private(desk)
    inner = private(desk, mail(ADDRESS, f"{SUBJECT} 2", TEXT))
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        work.record(EventKind.MESSAGE_PLACED, changed(inner, replace(inner, enclosed_in=outer.id)))
    assert f"came attached to {outer.id}" in desk.refused(exclusion(inner), by="head1")
    assert "with 1 attached" in desk.do(exclusion(outer), by="head1").text.english
    assert traces(desk) == []
    assert desk.message(inner.id).excluded_by == "head1"
    desk.assert_whole()


def test_declined_mail_goes_earlier_with_our_answer(desk: Desk) -> None:
    """Nothing of its sender is left, in the answer either; the tick finds nothing more to do."""
    stored = desk.receive(report())
    assert stored.place is Place.DECLINED
    assert "a mail about it has not left yet" in desk.refused(exclusion(stored), by="head1")
    delivery.drain(desk.env)
    answer = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE))
    assert answer.recipient.encode() in held(desk)
    desk.do(exclusion(stored), by="head1")
    assert desk.message(stored.id).place is Place.DECLINED
    assert answer.recipient.encode() not in b"\n".join((held(desk), *archived(desk)))
    desk.clock.set(desk.clock.now() + timedelta(days=70))
    assert erasure.tick(desk.env) == 0
    desk.assert_whole()


def test_mail_whose_sender_a_person_refused_may_go(desk: Desk) -> None:
    """What waits in the quarantine is refused until somebody said that its sender is not genuine."""
    stored = desk.receive(PRIVATE)
    desk.settle()
    assert "waits for a person, and may be an answer" in desk.refused(exclusion(stored), by="head1")
    desk.do(RefuseMessage(message=stored.id, reason="spam"))
    desk.do(exclusion(stored), by="head1")
    assert desk.message(stored.id).place is Place.NOISE
    assert traces(desk) == []


def test_a_crash_after_the_octets_went_is_repaired_by_the_same_command(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record was not committed: the archive lacks a file, and giving the command again puts that right."""
    stored = private(desk)
    with monkeypatch.context() as crash:
        crash.setattr(erasure, "take_out", interrupted)
        with pytest.raises(KeyboardInterrupt):
            desk.do(exclusion(stored), by="head1")
    assert desk.message(stored.id).excluded_by is None
    assert not verified(desk.env)["closes"]
    desk.do(exclusion(stored), by="head1")
    assert traces(desk) == []
    assert verified(desk.env)["findings"] == []


def interrupted(work: UnitOfWork, rows: Sequence[StoredMessage]) -> None:
    """Destroys the octets; then the process ends."""
    take_out(work, rows)
    raise KeyboardInterrupt


# ---------------------------------------------------------------- the window


def test_the_window_ends_with_its_last_day(desk: Desk) -> None:
    """Ten weeks from the arrival, the last day included, in the desk's zone; then only its class decides."""
    early, late = private(desk), private(desk, mail(ADDRESS, f"{SUBJECT} 2", TEXT))
    desk.clock.set(START.replace(hour=23, minute=59) + timedelta(weeks=10))
    desk.do(exclusion(early), by="head1")
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    assert "its review window ended on 2024-08-15" in desk.refused(exclusion(late), by="head1")


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("who", ["officer1", "clerk", "weigher", "signer"])
def test_only_the_head_and_archivists_take_out(desk: Desk, who: str) -> None:
    """Any other officer, and whoever is none, is refused; nothing is destroyed."""
    stored = private(desk)
    assert "has none of the roles" in desk.refused(exclusion(stored), by=who)
    with pytest.raises(Refusal, match="no officer"):
        Door(lambda: desk.env, Caller(login="mallory")).answer("archive exclude", {"message": stored.id, "reason": WHY})
    assert traces(desk) == [ADDRESS, SUBJECT, TEXT]


def test_mail_of_a_case_stays_also_after_it_is_closed(desk: Desk) -> None:
    """No mail of a case goes; put to the noise by a hostile colleague, mail that opened a case on hold stays there."""
    referral = desk.receive(mail(REFERRER, "Twee vakken", "Twee rondjes op een lijst."))
    assert referral.case is not None
    assert f"belongs to {referral.case}" in desk.refused(exclusion(referral), by="head1")
    desk.do(Decide(case=referral.case, decision=Decision.NONE, reason="nothing to do"))
    desk.do(CloseCase(case=referral.case))
    assert f"belongs to {referral.case}" in desk.refused(exclusion(referral), by="head1")
    desk.do(PlaceHold(case=referral.case, reason="request under the Woo"))
    assert "is kept by the hold" in desk.refused(PlaceMessage(message=referral.id, noise=True, reason="mine"))


def test_what_is_on_hold_stays_until_the_hold_is_lifted(desk: Desk) -> None:
    """The election's hold keeps noise of its period too."""
    stored = private(desk)
    hold = desk.do(PlaceHold(election="EP2024", reason="request under the Woo")).key
    assert f"is kept by the hold {hold}" in desk.refused(exclusion(stored), by="head1")
    desk.do(LiftHold(hold=hold, reason="answered"), by="head1")
    desk.do(exclusion(stored), by="head1")


def test_a_platforms_mail_stays_whatever_a_person_called_it(desk: Desk) -> None:
    """Its answer was put to the noise: it is still a platform's, and its case lost an answer, not the record."""
    use = desk.notified()
    answer = desk.receive(mail(X, answers=desk.message_id_of(use)))
    desk.do(PlaceMessage(message=answer.id, noise=True, reason="mine"))
    assert "comes from a platform" in desk.refused(exclusion(answer), by="head1")


def test_an_answer_to_ours_stays_whoever_wrote_it(desk: Desk) -> None:
    """A colleague of the platform answers from elsewhere, and it is put to the noise: its thread betrays it."""
    use = desk.notified()
    answer = desk.receive(mail(ADDRESS, SUBJECT, TEXT, answers=desk.message_id_of(use)))
    desk.settle()
    desk.do(PlaceMessage(message=answer.id, noise=True, reason="mine"))
    assert "is an answer to one of our mails" in desk.refused(exclusion(answer), by="head1")
    bounce = private(desk, mail(ADDRESS, f"{SUBJECT} 2", TEXT))
    desk.do(ReclassifyMessage(message=bounce.id, kinds=(Kind.BOUNCE,)))
    assert "is an answer to one of our mails" in desk.refused(exclusion(bounce), by="head1")


def test_our_own_mail_stays(desk: Desk) -> None:
    """A notification, a notice to the head, and what a colleague sent by hand are kept."""
    use = desk.notified()
    desk.receive(mail("team@bzk.example", "Hallo", "Van Outlook."), folder=desk.env.settings.desk.mailbox.sent)
    private(desk)
    ours = desk.messages(direction=Direction.OUT)
    assert {row.message_id for row in ours} > {desk.message_id_of(use)}
    for row in ours:
        assert "was sent from here" in desk.refused(exclusion(row), by="head1")


def test_wrong_ids_empty_reasons_and_second_times_are_named(desk: Desk) -> None:
    """Each wrong use says what is wrong, and no other command touches what was taken out."""
    stored = private(desk)
    assert "there is no" in desk.refused(ExcludeMessage(message="m99999999", reason=WHY), by="head1")
    assert "there is no" in desk.refused(ExcludeMessage(message="' OR 1=1 --", reason=WHY), by="head1")
    assert "reason" in desk.refused(exclusion(stored, " \n"), by="head1")
    desk.do(exclusion(stored), by="head1")
    gone = "was taken out of the archive by head1 on 2024-06-06"
    assert gone in desk.refused(exclusion(stored), by="head1")
    for act in (
        PlaceMessage(message=stored.id, new=True), PlaceMessage(message=stored.id, back=True),
        PlaceMessage(message=stored.id, noise=True, reason="mine"), RefuseMessage(message=stored.id, reason="spam"),
        ReclassifyMessage(message=stored.id, kinds=(Kind.UNKNOWN,)), DeclineMessage(message=stored.id),
    ):  # fmt: skip
        assert gone in desk.refused(act)


# ---------------------------------------------------------------- both engines


def test_rows_and_chain_of_both_engines_lose_the_mail(desk: Desk, new_database: Callable[[], str]) -> None:
    """On each engine the rows and personal values are erased, the fold is the rows, and the audit finds nothing."""
    with closing(new_store(new_database())) as store:
        there = Desk(replace(desk.env, store=store), desk.clock, desk.server)
        stored = private(there)
        assert SUBJECT.encode() in held(there)
        there.do(exclusion(stored), by="head1")
        assert [each for each in (ADDRESS, SUBJECT, TEXT) if each.encode() in held(there)] == []
        there.assert_whole()
