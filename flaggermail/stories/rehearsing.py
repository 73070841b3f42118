# SPDX-License-Identifier: EUPL-1.2
"""Rehearsals: the desk plays the referrers and platforms of a shipped story to its own officers, who act themselves.

Entry point: `tick` takes in the mail of the story that is due, as mail of the exercise, and ends the rehearsal after
the last one. The record says what was played: each mail has a delivery of its own in a folder that no server has, so
that a daemon that was restarted goes on where it was. What a mailbox server delivers goes another way and stays real.

A mail that answers one of ours comes `after` minutes of the story after that one was sent; any other mail as long after
the start as in the story. A call to the platform is told to the officer on call, who notes it by reply. What else the
story has its officers do is not played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from flaggermail import logbook
from flaggermail.commands import elections as acts
from flaggermail.errors import ConfigurationError, OctetsLost
from flaggermail.intake.ingest import ingest
from flaggermail.letters import stored_messages
from flaggermail.letters.writing import is_queued
from flaggermail.mail.message import Message, SenderVerdict, Verdict
from flaggermail.notices import duty, notices
from flaggermail.notices.debrief import folder_of
from flaggermail.notices.notices import Notice
from flaggermail.ports import RawMessage, Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind, OctetSource
from flaggermail.record.rows import Case, Delivery, Election, OutboxMail, Rehearsal
from flaggermail.record.states import MailState
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.yaml_files.faults import read_model
from flaggermail.shipped import stories
from flaggermail.stories.played_mail import sender_of, written
from flaggermail.stories.scenario_file import Answers, CallEntry, ClaimedResult, MailEntry, ScenarioFile
from flaggermail.wording.filing import SenderEvidence

CORRESPONDENCE = frozenset({
    Kind.NOTIFICATION, Kind.FOLLOW_UP, Kind.INTAKE_CONFIRMATION, Kind.INFORMATION_REQUEST, Kind.DECISION_NOTICE,
})  # fmt: skip
"""Our mail that others than officers answer."""
NUMBERING = "0"  # no IMAP server has it (RFC 9051, section 9: nz-number), so none of its mail is taken for played mail
LAST_WORDS = timedelta(minutes=10)  # after the last mail, for what officers do about it
AT_MOST = timedelta(hours=12)  # since the start, if officers do nothing for which the story waits
_SAYS = {ClaimedResult.PASSED: SenderVerdict.VERIFIED, ClaimedResult.FAILED: SenderVerdict.FAILED}


@dataclass(frozen=True, slots=True)
class _Due:
    """A mail of the story that is still to come; `at` is None until the mail that it answers was sent."""

    number: int
    entry: MailEntry
    at: datetime | None
    answers: OutboxMail | None


@dataclass(frozen=True, slots=True)
class _StatedVerdict:
    """Implements `ports.SenderCheck` with the verdict that the story states."""

    claimed: ClaimedResult

    def verdict(self, octets: bytes, message: Message) -> Verdict:  # noqa: ARG002 - the port's signature
        """Returns that verdict."""
        return Verdict(_SAYS.get(self.claimed, SenderVerdict.UNVERIFIED), SenderEvidence.REHEARSED())


def tick(env: Services) -> int:
    """Takes in what is due and ends what is over; returns the number of mails taken in.

    A story that this version does not ship, or that cannot be read or answered, ends: it must not stop the daemon. So
    does one that was begun before a polling day.
    """
    with env.store.read() as tx:
        rehearsal = stored_messages.under_way(tx)
        if rehearsal is None:
            return 0
        is_polling_day = acts.ends_for_vote(UnitOfWork(env, tx, env.clock.now()), rehearsal)
    if is_polling_day:
        _end(env, rehearsal)
        return 0
    folder = stories().get(rehearsal.story)
    try:
        taken, is_over = _play(env, rehearsal, folder) if folder is not None else (0, True)
    except (ConfigurationError, OctetsLost, OSError) as fault:
        logbook.rehearsal_broken(rehearsal.story, str(fault))
        taken, is_over = 0, True
    if is_over:
        _end(env, rehearsal)
    return taken


def _play(env: Services, rehearsal: Rehearsal, folder: Path) -> tuple[int, bool]:
    """Takes in the mail that is due; returns the number of mails, and whether the story is over."""
    story = read_model(folder / "scenario.yaml", ScenarioFile)
    now, taken = env.clock.now(), 0
    while (due := _next(env, rehearsal, story)) is not None and due.at is not None and due.at <= now:
        file = folder / due.entry.file
        sender = due.answers.recipient if due.answers is not None else sender_of(file)[1]
        octets = written(env, file, f"{rehearsal.election}.{due.number}".lower(), sender, due.answers, due.at)
        raw = RawMessage(
            octets, due.at, folder_of(rehearsal.election), NUMBERING, str(due.number), source=OctetSource.PLAYED
        )
        ingest(_as_players(env, story, sender, due.entry.auth), raw)
        taken += 1
    _tell_calls(env, rehearsal, story)
    return taken, _is_over(env, rehearsal, due)


def _tell_calls(env: Services, rehearsal: Rehearsal, story: ScenarioFile) -> None:
    """Tells the officer on call, or else the head, of each call to the platform that is due; once."""
    with env.store.read() as tx:
        if not list(_calls_due(UnitOfWork(env, tx, env.clock.now()), rehearsal, story)):
            return  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        for key, call, mail in list(_calls_due(work, rehearsal, story)):
            officer = duty.officer_on_call(work) or env.settings.rota.head()
            if officer is not None:
                about = EventRef(mail.case, mail.notification)
                notice = Notice(Kind.OFFICER_NOTICE, "played_call", key, about, topic=Topic.PLAYED_CALL)
                language = env.settings.desk.organisation.language
                notices.tell(work, officer, notice, {"text": getattr(call, language)})


def _calls_due(
    work: UnitOfWork, rehearsal: Rehearsal, story: ScenarioFile
) -> Iterator[tuple[str, CallEntry, OutboxMail]]:
    """Yields the calls that are due and were told to nobody, each with its deduplication key and our notification."""
    first = _answered(work.tx, rehearsal, Answers(kind=Kind.NOTIFICATION)) if story.calls else None
    if first is None or first.done_at is None:
        return
    officers = work.env.settings.rota.officers
    for number, call in enumerate(story.calls, start=1):
        key = f"played call/{rehearsal.election}/{number}"
        is_due = first.done_at + timedelta(minutes=call.after) / rehearsal.speed <= work.now
        if is_due and not any(is_queued(work, key, officer.address) for officer in officers):
            yield key, call, first


def _next(env: Services, rehearsal: Rehearsal, story: ScenarioFile) -> _Due | None:
    """Returns the mail that comes next; one whose time is not known yet only if there is no other."""
    with env.store.read() as tx:
        found = list(_to_come(tx, rehearsal, story))
    timed = [(due.at, due.number, due) for due in found if due.at is not None]
    return min(timed)[2] if timed else next(iter(found), None)


def _to_come(tx: Transaction, rehearsal: Rehearsal, story: ScenarioFile) -> Iterator[_Due]:
    begins = min(mail.at for mail in story.mails)
    for number, entry in enumerate(story.mails, start=1):
        is_others = entry.answers is None or entry.answers.kind in CORRESPONDENCE
        if not is_others or tx.get(Delivery, f"{folder_of(rehearsal.election)}/{NUMBERING}/{number}") is not None:
            continue
        after = timedelta(minutes=entry.after)
        if entry.answers is None:
            yield _Due(number, entry, rehearsal.started_at + (entry.at - begins + after) / rehearsal.speed, None)
        elif (mail := _answered(tx, rehearsal, entry.answers)) is not None and mail.done_at is not None:
            yield _Due(number, entry, mail.done_at + after / rehearsal.speed, mail)
        else:
            yield _Due(number, entry, None, None)


def _answered(tx: Transaction, rehearsal: Rehearsal, wanted: Answers) -> OutboxMail | None:
    """Returns our mail that the story's mail answers, whatever platform officers chose; None if it was not sent."""
    cases = [case.number for case in tx.find(Case, where(Case.election).is_(rehearsal.election))]
    sent = tx.find(
        OutboxMail,
        where(OutboxMail.case).in_(cases),
        where(OutboxMail.kind).is_(Kind(wanted.kind or "")),
        where(OutboxMail.state).is_(MailState.ACCEPTED),
    )
    at = max(wanted.number, 0)
    return sorted(sent, key=lambda mail: mail.id)[at] if len(sent) > at else None


def _as_players(env: Services, story: ScenarioFile, sender: str, claimed: ClaimedResult) -> Services:
    """Returns services that take this sender for a player with that verdict, and know the story's authorities."""
    settings = env.settings
    lists = dict(settings.rules.lists)
    for domain, name in story.authorities.items():
        lists[name] = lists.get(name, frozenset()) | {domain}
    players = settings.desk.exercise.model_copy(update={"addresses": (*settings.desk.exercise.addresses, sender)})
    desk = settings.desk.model_copy(update={"exercise": players})
    rules = replace(settings.rules, lists=lists)
    return replace(
        env, settings=settings.model_copy(update={"desk": desk, "rules": rules}), sender_check=_StatedVerdict(claimed)
    )


def _is_over(env: Services, rehearsal: Rehearsal, due: _Due | None) -> bool:
    now = env.clock.now()
    if now >= rehearsal.started_at + AT_MOST:
        return True
    with env.store.read() as tx:
        came = tx.find(Delivery, where(Delivery.folder).is_(folder_of(rehearsal.election)))
    return due is None and now >= max((one.first_seen_at for one in came), default=rehearsal.started_at) + LAST_WORDS


def _end(env: Services, rehearsal: Rehearsal) -> None:
    with env.store.begin() as tx:
        election = tx.get(Election, rehearsal.election)
        if election is not None and election.closed_at is None:
            acts.end(UnitOfWork(env, tx, env.clock.now()), election)
