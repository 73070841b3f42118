# SPDX-License-Identifier: EUPL-1.2
"""A new database on a mailbox that a desk has read before: the daemon refuses to answer everybody again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from flaggermail.cli import main
from flaggermail.daemon.service import Daemon
from flaggermail.errors import MailboxReadBefore
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.services import Services
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_daemon import WatchedMailbox, a_daemon, running

OURS = b"From: verkiezingenflagger@bzk.example\r\nMessage-ID: <vf.00ff.1@bzk.example>\r\n\r\nBeste,\r\n"
QUESTION = (
    b"Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r\n"
    b"Received: from mail.lindewaard.example by mx.bzk.example; Wed, 17 Mar 2027 08:59:00 +0000\r\n"
    b"From: a@lindewaard.example\r\nTo: verkiezingenflagger@bzk.example\r\nMessage-ID: <1@lindewaard.example>\r\n"
    b"Subject: Verkeerde stemdag\r\n\r\nZie het bericht. Zelf twee keer gemeld.\r\n"
)


@pytest.fixture
def mailbox(env: Services) -> WatchedMailbox:
    """Returns a mailbox with a question and, among the sent mail, one of ours from before."""
    found = WatchedMailbox(env)
    found.deliver("inbox", QUESTION, NOW)
    found.deliver("sent", OURS, NOW - timedelta(days=30))
    return found


def look(daemon: Daemon, mailbox: WatchedMailbox) -> None:
    """Runs the daemon until it has looked at the mailbox once, or has failed."""
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)


def counts(env: Services) -> tuple[int, int]:
    """Returns how many messages are stored, and how many mails wait or were sent."""
    with env.store.read() as tx:
        return tx.count(StoredMessage), tx.count(OutboxMail)


def test_a_new_database_on_an_old_mailbox_is_refused(env: Services, mailbox: WatchedMailbox) -> None:
    """Nothing is taken in and nothing is written; the reason names the way without sending and the way on."""
    daemon = a_daemon(env, mailbox)
    in_vain = threading.Timer(PATIENCE, daemon.stop.set)
    in_vain.start()
    with pytest.raises(MailboxReadBefore) as refused:
        daemon.run()
    in_vain.cancel()
    assert counts(env) == (0, 0)
    assert "a desk has read the mailbox before, as 1 mail shows;" in str(refused.value)
    assert "`flaggermail run --observe`" in str(refused.value)
    assert "`flaggermail run --new-record`" in str(refused.value)


def test_it_is_taken_in_when_it_is_said_that_this_is_meant(env: Services, mailbox: WatchedMailbox) -> None:
    """With `--new-record` the desk reads and answers; the next start needs the option no more."""
    meant = a_daemon(env, mailbox)
    meant.new_record = True
    look(meant, mailbox)
    taken, written = counts(env)
    assert taken >= 2
    assert written
    mailbox.looked.clear()
    look(a_daemon(env, mailbox), mailbox)
    assert counts(env) == (taken, written)


def test_a_desk_that_observes_takes_it_in(env: Services, mailbox: WatchedMailbox) -> None:
    """With `--observe` the mailbox is filed and nothing is written."""
    observing = a_daemon(env, mailbox)
    observing.observe = True
    look(observing, mailbox)
    taken, written = counts(env)
    assert taken >= 2
    assert written == 0


def test_a_desk_that_has_written_before_its_first_look_is_known(env: Services, mailbox: WatchedMailbox) -> None:
    """A first start that was cut off, after mail was taken in and before the look ended, is the same desk's."""
    first = a_daemon(env, mailbox)
    first.new_record = True
    look(first, mailbox)
    with env.store.begin() as tx:
        for folder in mailbox.folders():
            assert tx.cursor(folder.name) is not None
    assert mailbox.earlier_mail() == 1
    look(a_daemon(env, mailbox), mailbox)


def test_an_empty_mailbox_is_read(env: Services) -> None:
    """A new desk on a new mailbox starts as ever."""
    mailbox = WatchedMailbox(env)
    mailbox.deliver("inbox", QUESTION, NOW)
    look(a_daemon(env, mailbox), mailbox)
    assert counts(env)[0] >= 1


def test_the_command_ends_with_status_1_and_the_sentence(
    env: Services, mailbox: WatchedMailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run` prints the sentence after the journal's lines and exits with 1, as its disk may be mounted late."""
    monkeypatch.setattr("flaggermail.wiring.daemon_assembly.daemon", lambda *_, **__: a_daemon(env, mailbox))
    monkeypatch.setattr(Daemon, "obey_signals", lambda _: None)
    monkeypatch.setattr("flaggermail.logbook.configure", lambda **_: None)
    monkeypatch.setattr("flaggermail.logbook.catch_crashes", lambda: None)
    with pytest.raises(SystemExit) as ended:
        main(["run"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.rstrip().splitlines()[-1].startswith("flaggermail.yaml store.database: the database")
