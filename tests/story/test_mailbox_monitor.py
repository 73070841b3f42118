# SPDX-License-Identifier: EUPL-1.2
"""An unreadable mailbox raises one alarm, and its recovery one more."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.adapters.server_answers.answer import ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import explain
from flaggermail.daemon.service import Daemon
from flaggermail.errors import LinkLost
from flaggermail.health import mailbox_monitor
from flaggermail.intake import poll
from flaggermail.services import Services
from flaggermail.stories.doubles import ListMailbox, SetClock
from tests import asking
from tests.both_shapes import words_of
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_daemon import StepTicker, WatchedMailbox, a_daemon, running

LIMIT = timedelta(minutes=15)


def alarms(env: Services) -> list[str]:
    """Returns the kinds of all alarms, in order."""
    return [alarm.kind for alarm in sorted(asking.alarms(env), key=lambda alarm: alarm.raised_at)]


def test_a_silence_and_its_end_are_told_once_each(env: Services, clock: SetClock) -> None:
    """At the limit the officer on call gets one mail with the time of the last look, and one mail at recovery."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    poll.look(env, mailbox)
    assert not mailbox_monitor.watch_inbox(env, LIMIT - timedelta(seconds=1))
    clock.set(NOW + LIMIT)
    assert mailbox_monitor.watch_inbox(env, LIMIT)
    clock.set(NOW + timedelta(hours=3))
    assert mailbox_monitor.watch_inbox(env, timedelta(hours=3))
    assert alarms(env) == ["mailbox silent"]
    poll.look(env, mailbox)
    poll.look(env, mailbox)
    assert not mailbox_monitor.watch_inbox(env, timedelta(0))
    assert alarms(env) == ["mailbox silent", "mailbox back"]
    mails = asking.mails(env)
    assert [mail.recipient for mail in mails] == ["a.jansen@bzk.example"] * 2
    assert "INBOX was niet te lezen na 17 maart 2027 om 10:00" in words_of(env.octets.get(mails[0].digest))
    clock.set(NOW + timedelta(hours=4))
    assert mailbox_monitor.watch_inbox(env, timedelta(hours=1))
    assert len(alarms(env)) == 3  # a second outage is another alarm


def test_the_alarm_says_what_the_servers_answer_means(env: Services, clock: SetClock) -> None:
    """The officer reads in Dutch what to change and where, with the desk's own names in it."""
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    clock.set(NOW + LIMIT)
    throttled = ServerAnswer.of_imap("BAD", "Request is throttled. Suggested Backoff Time: 299961 milliseconds")
    found = explain(ProtocolStep.IMAP_AFTER_TOKEN, throttled, Reader(mailbox="verkiezingen@bzk.example"))
    assert found is not None
    assert mailbox_monitor.watch_inbox(env, LIMIT, found.said)
    (mail,) = asking.mails(env)
    words = " ".join(words_of(env.octets.get(mail.digest)).split())
    assert "om 10:00; Exchange remt verkiezingen@bzk.example af omdat er te veel is gevraagd: stop andere" in words
    assert "throttled" not in words


def test_a_desk_that_was_switched_off_is_no_silence(env: Services, clock: SetClock) -> None:
    """Time in which the daemon did not run, or a clock set forward, raises no alarm."""
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    clock.set(NOW + timedelta(hours=9))
    daemon = a_daemon(env, WatchedMailbox(env))
    daemon.link = True  # the first look has ended
    daemon.remind()  # the ticker's work
    assert alarms(env) == []


def test_a_mailbox_that_was_never_read(env: Services, clock: SetClock) -> None:
    """A mailbox that was never read raises the alarm too."""
    clock.set(NOW + LIMIT)
    assert mailbox_monitor.watch_inbox(env, LIMIT)
    assert alarms(env) == ["mailbox silent"]
    clock.set(NOW + LIMIT + timedelta(minutes=1))
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    assert alarms(env) == ["mailbox silent", "mailbox back"]


@pytest.mark.parametrize("lost", [True, False])
def test_the_daemon_keeps_the_vigil(env: Services, lost: bool) -> None:  # noqa: FBT001 - a table
    """The reminder tick raises the alarm while the connection is lost, and not during a long first look."""
    mailbox = WatchedMailbox(env, error=LinkLost("the server closed the connection") if lost else None)
    passed = [0.0]
    daemon = a_daemon(env, mailbox)
    daemon.monotonic = lambda: time.monotonic() + passed[0]
    ticker = daemon.ticker
    assert isinstance(ticker, StepTicker)
    if not lost:
        passed[0] = LIMIT.total_seconds()
        daemon.remind()  # before any look has ended
    else:
        thread = running(daemon)
        while daemon.link is None:  # set by the first lost connection
            thread.join(0.01)
        passed[0] = LIMIT.total_seconds()
        ticker.works["remind"]()
        daemon.stop.set()
        thread.join(PATIENCE)
    assert alarms(env) == (["mailbox silent"] if lost else [])


class Beats:
    """A heartbeat that counts its calls."""

    count = 0

    def beat(self) -> str:
        """Counts the call."""
        self.count += 1
        return ""


def a_restarted_daemon(env: Services, passed: list[float]) -> Daemon:
    """Builds a daemon of which the first look has not ended; `passed` is the seconds since its start."""
    daemon = a_daemon(env, WatchedMailbox(env))
    daemon.monotonic = lambda: passed[0]
    daemon.__post_init__()
    return daemon


def test_a_first_look_that_hangs_is_told_over_restarts(env: Services, clock: SetClock) -> None:
    """Each run is ended by the watchdog before it is too old: the stored instant counts, and the heartbeat stops."""
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    beats = Beats()
    for run in range(1, 4):
        passed = [0.0]
        daemon = a_restarted_daemon(env, passed)
        daemon.heartbeat = beats
        for seconds in range(0, 300, 60):
            clock.set(NOW + run * timedelta(minutes=7) + timedelta(seconds=seconds))
            passed[0] = float(seconds)
            daemon.remind()
            daemon.beat()
    assert alarms(env) == ["mailbox silent"]
    assert beats.count == 5 + 3 + 3  # a run that is old enough stops it after three minutes in which nothing came
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    assert alarms(env) == ["mailbox silent", "mailbox back"]


@pytest.mark.parametrize("folder", ["INBOX", "Junk"])
def test_a_long_look_that_brings_mail_is_no_silence(env: Services, clock: SetClock, folder: str) -> None:
    """After a night the inbox may take an hour, and so may old mail in a folder: each page that is recorded counts."""
    poll.look(env, ListMailbox(env.settings.desk.mailbox))
    passed = [0.0]
    daemon = a_restarted_daemon(env, passed)
    for minute in range(60):
        clock.set(NOW + timedelta(hours=9, minutes=minute))
        passed[0] = 60.0 * minute
        with env.store.begin() as tx:
            here = tx.cursor(folder)
            assert here is not None
            tx.advance(folder, replace(here, position=f"1/{minute // 2}"))
        daemon.remind()
    assert alarms(env) == []
