# SPDX-License-Identifier: EUPL-1.2
"""Publishes the desk's status: the document on this machine, and the line of the supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.cases import erasure
from flaggermail.daemon.outage import Outage
from flaggermail.errors import StoreBusy, StoreFailure
from flaggermail.health import status_gathering
from flaggermail.health.findings import Confinement
from flaggermail.health.status_document import DATABASE, NodeStanding, Overview
from flaggermail.health.status_line import StatusLine
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt, StatusBoard, Supervisor
from flaggermail.record.readings import hour_of
from flaggermail.record.states import MailState
from flaggermail.services import Services, UnitOfWork


class Sending:
    """Remembers which password was tried last, and the server's words while it refuses the desk."""

    def __init__(self) -> None:
        self._secret: str | None = None
        self._denied: str | None = None

    def send(self, env: Services, stop: Interrupt) -> None:
        """Sends due mail; at the start and after a change of the password also what waits for the next login."""
        secret = env.submitter.secret_version()
        if secret != self._secret:
            delivery.try_now(env)
            self._secret = secret  # after it: a record that is busy or away puts it off, too
        tried = delivery.drain(env, stop)
        if tried:
            logbook.mails_sent(tried)
            self._tell(env)  # only a try can change it

    def _tell(self, env: Services) -> None:
        """Logs once that the submission server refuses the desk, and once that it does no longer."""
        with env.store.read() as tx:
            words = status_gathering.denial(tx)
        if words and self._denied is None:
            logbook.submission_denied(words)
        elif not words and self._denied:
            logbook.submission_accepts()
        self._denied = words or None


def tell_confinement(held: Confinement) -> None:
    """Logs what confines the process that parses mail on this machine."""
    logbook.parser_confined(
        no_new_privileges=held.no_new_privileges,
        landlock=held.landlock,
        seccomp=held.seccomp,
        missing=", ".join(held.missing),
    )


def log_head(env: Services) -> None:
    """Logs number and digest of the last event of the record."""
    with env.store.read() as tx:
        head = tx.head()
    if head is not None:
        logbook.record_head(head.seq, head.digest)


def log_full_disks(env: Services) -> None:
    """Logs each disk of the desk without room, which is why the record or a worker failed."""
    for full in env.health_probe.full():
        logbook.disk_full(full)


def clean_up(env: Services) -> bool:
    """Runs retention and logs the head of the chain; returns False if erased values are still to be overwritten.

    Nothing is destroyed or forgotten while this machine's clock is in doubt: the self-check tells what waits.
    """
    if env.health_probe.clock_doubt() is None:
        gone = erasure.tick(env)
        if gone:
            logbook.octets_discarded(gone)
        env.store.readings.forget(hour_of(env.clock.now() - timedelta(days=env.settings.desk.readings.retention_days)))
    done = env.store.scrub()
    if not done:
        logbook.not_scrubbed()
    log_head(env)
    return done


@dataclass(frozen=True, slots=True)
class Observed:
    """What the daemon itself knows of its state."""

    link: bool | None  # to the mailbox; None before the first poll has ended
    last_mail: datetime | None
    last_look: datetime | None
    stuck: list[str]  # loops
    jobs: dict[str, dict[str, int]]  # faults of jobs
    starting: bool = False  # not yet reported as ready
    link_fault: str | None = None  # why the mailbox cannot be read
    wrong: Mapping[str, str] = field(default_factory=dict)  # what is wrong with each, by now; empty if nothing is
    node: NodeStanding | None = None


class Publishing:
    """Remembers what was published last, and that a failure to write is logged."""

    def __init__(self, outage: Outage) -> None:
        self._outage, self._line, self._unwritten = outage, "", False
        self._seen: Overview | None = None  # the status when the database last answered

    @property
    def observes(self) -> bool:
        """True unless the desk was last seen to send."""
        return self._seen is None or self._seen.observing_since is not None

    def publish(
        self, env: Services, observed: Observed, board: StatusBoard | None, supervisor: Supervisor
    ) -> None:  # fmt: skip
        """Publishes the status on the board, and reports its line to the supervisor if it changed."""
        seen = self._gather(env, observed)
        if seen is None:
            return
        wrong = {what: value for what, value in {**seen.wrong, **observed.wrong}.items() if value}
        seen = replace(
            seen, starting=observed.starting, jobs=observed.jobs, link_fault=observed.link_fault,
            unlogged=logbook.lines.tell_dropped(), wrong=wrong, node=observed.node,
        )  # fmt: skip
        standing = StatusLine(
            last_mail=observed.last_mail,
            last_look=observed.last_look,
            link=observed.link,
            waiting=seen.waiting,
            in_doubt=seen.outbox.get(MailState.UNCERTAIN, 0),
            observing=seen.observing_since is not None,
            stuck=observed.stuck,
            database_away=self._outage.lasts,
            standby=observed.node is not None and not observed.node.leads,
        )
        line = standing.line(seen.zone, seen.at)
        if board is not None:
            self._log_if_unwritten(board.show(seen.document()))
        if line != self._line:
            self._line = line
            supervisor.status(line)

    def _gather(self, env: Services, observed: Observed) -> Overview | None:
        """Returns the status; during an outage the last one, with the outage as a fault, or None if there is none.

        A disk that is full, or read-only, can be read.
        """
        if not self._outage.lasts:
            self._look(env, observed)
            return self._seen
        if self._outage.of_disk:
            with suppress(StoreBusy, StoreFailure):
                self._look(env, observed)
        if self._seen is None:
            return None
        wrong = {**self._seen.wrong, DATABASE: self._outage.words(self._seen.zone)}
        since = {DATABASE: self._outage.since} if self._outage.since is not None else {}
        since = {**self._seen.wrong_since, **since}
        return replace(self._seen, at=env.clock.now(), link=observed.link, wrong=wrong, wrong_since=since)

    def _look(self, env: Services, observed: Observed) -> None:
        with env.store.read() as tx:
            self._seen = status_gathering.gather(UnitOfWork(env, tx, env.clock.now()), link=observed.link)

    def _log_if_unwritten(self, why: str) -> None:
        """Logs the first failure to write the status; the next tick tries again."""
        if why and not self._unwritten:
            logbook.status_not_written(why)
        self._unwritten = bool(why)
