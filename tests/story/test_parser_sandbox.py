# SPDX-License-Identifier: EUPL-1.2
"""A desk whose parser a mail takes over: the mail waits for a person, the next is read, and the log says what holds."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from flaggermail.adapters.parsing import worker
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.daemon.service import Daemon
from flaggermail.record.rows import StoredMessage
from flaggermail.services import Services
from flaggermail.shipped import shipped
from tests import asking
from tests.doubles.probing_child import MODULE, VARIANT, Variant
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_daemon import StepTicker, WatchedMailbox, running

pytestmark = pytest.mark.outside  # each starts parser processes

ATTACK = b"From: griffie@lindewaard.example\r\nMessage-ID: <%s@x.example>\r\nSubject: Stemdag\r\n\n\n%s\n"
MailsIn = Callable[..., list[StoredMessage]]


@pytest.fixture
def takes_in(env: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailsIn]:
    """Returns a function that runs a daemon over mails which are programs, on the machine of a variant."""
    monkeypatch.setattr(worker, "MODULE", MODULE)
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in ("mail-language.yaml", "mail-machines.yaml"):
        shutil.copy(shipped("rules") / name, rules)
    parser = ContainedParser(rules)

    def run(*mails: bytes, variant: str = "") -> list[StoredMessage]:
        (rules / VARIANT).write_text(variant)
        probed = replace(env, parser=parser)
        mailbox = WatchedMailbox(probed)
        for octets in mails:
            mailbox.deliver("inbox", octets, NOW)
        daemon = Daemon(probed, mailbox, StepTicker(), EventInterrupt(), "here:1:now", lambda: 0.0, lease_seconds=600.0)
        daemon.confinement = parser.confinement
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        daemon.stop.set()
        thread.join(PATIENCE)
        assert daemon.failure is None
        return [row for row in asking.messages(env) if row.place != "own"]

    yield run
    parser.close()


def test_a_mail_that_breaks_out_waits_for_a_person(takes_in: MailsIn) -> None:
    """The mails that signal the daemon and open a connection wait in the quarantine, archived; the daemon runs on."""
    attacks = (f"os.kill({os.getpid()}, 28)", "import socket; socket.socket()", "os.fork()", "open('/etc/passwd')")
    mails = [ATTACK % (b"a%d" % number, code.encode()) for number, code in enumerate(attacks)]
    stored = takes_in(*mails)
    assert {row.place for row in stored} == {"quarantine"}
    ended = [row for row in stored if "parser ended: signal 31" in row.defects]
    assert len(ended) == 3
    assert len(stored) == len(mails)


def test_the_log_says_once_what_holds(takes_in: MailsIn) -> None:
    """One line per start, with the version of Landlock and without a warning."""
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with capture_logs() as logged:
            takes_in()
    finally:
        structlog.configure(wrapper_class=level)
    (line,) = (line for line in logged if line["event"] == "parser confined")
    assert (line["log_level"], line["no_new_privileges"], line["seccomp"], line["missing"]) == (
        "info",
        True,
        True,
        None,
    )
    assert line["landlock"] >= 1


@pytest.mark.parametrize(
    ("variant", "missing"),
    [
        (Variant.NO_LANDLOCK, "Landlock"),
        (Variant.NO_SECCOMP, "seccomp"),
        (Variant.NO_SANDBOX, "no new privileges, Landlock, seccomp"),
    ],
)
def test_a_kernel_that_offers_less(takes_in: MailsIn, variant: Variant, missing: str) -> None:
    """The daemon works without the part that the kernel lacks, and warns once by its name."""
    with capture_logs() as logged:
        stored = takes_in(ATTACK % (b"a", b"print('read')"), variant=variant)
    (line,) = (line for line in logged if line["event"] == "parser confined")
    assert (line["log_level"], line["missing"]) == ("warning", missing)
    assert [row.defects for row in stored] == [()]
