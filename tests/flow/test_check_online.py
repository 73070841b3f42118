# SPDX-License-Identifier: EUPL-1.2
"""`check --online` between a real Dovecot and a real Postfix: every step, and nothing of it stays in the mailbox."""

from __future__ import annotations

import imaplib
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from flaggermail.online import checking
from flaggermail.online.outcomes import CheckStep, OutcomeCode, Result, StepOutcome
from flaggermail.ports import Clock, Submitter
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.wiring.online_means import means, scratch_desk
from flaggermail.wording.servers import ConnectionFailure
from tests.doubles.dns import ScriptedResolver
from tests.flow.desk_process import ROOT, DeskProcess, patiently
from tests.flow.test_oauth_night import Rotating, use_tokens
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.ports import HOST
from tests.servers.postfix import Postfix
from tests.servers.token_endpoint import TokenEndpoint

Scratch = Callable[[Configuration, Submitter, Clock], AbstractContextManager[Services]]
RECORDS = {"bzk.example": (b"v=spf1 -all",), "_dmarc.bzk.example": (b"v=DMARC1; p=reject",)}
WARNED = {OutcomeCode.RESULTS_NONE, OutcomeCode.DKIM_UNSIGNED, OutcomeCode.TIME_ZONE_OTHER}
"""What these servers do not do: results on their users' own mail, signatures; and this machine shows UTC."""
KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from flaggermail.online import checking
from flaggermail.rules.configuration import load
from flaggermail.wiring.online_means import means
from tests.doubles.dns import ScriptedResolver
def scratch(settings, submit, clock):
    os.kill(os.getpid(), signal.SIGKILL)
checking.check(replace(means(load(Path(sys.argv[1])), resolver=ScriptedResolver({})), scratch=scratch))
"""


def checked(desk: DeskProcess, scratch: Scratch = scratch_desk) -> list[StepOutcome]:
    """Checks the servers of the desk in this process, with a DNS of the test."""
    return checking.check(replace(means(load(desk.folder), resolver=ScriptedResolver(RECORDS)), scratch=scratch))


def in_mailbox(desk: DeskProcess, dovecot: Dovecot) -> int:
    """Returns the number of mails in the mailbox, whatever they are."""
    with imaplib.IMAP4(HOST, dovecot.imap_port) as client:
        client.login(desk.mailbox, dovecot.password)
        counts = [client.select(folder, readonly=True)[1][0] for folder in ("INBOX", "Sent", "Junk", "Deleted")]
    return sum(int(count or b"0") for count in counts)


def not_in_order(found: Sequence[StepOutcome]) -> list[str]:
    """Returns what is to be mended, in words, and what is warned of besides what these servers do not do."""
    return [
        f"{one.step}: {one.what.english}"
        for one in found
        if one.result is Result.MEND or (one.result is Result.WARNING and one.code not in WARNED)
    ]


def test_every_step_passes_and_nothing_stays(desk: DeskProcess, dovecot: Dovecot) -> None:
    """With a password: each step is told once, the scratch desk answers; what a colleague marked stays."""
    dovecot.deliver(desk.mailbox, b"From: a@gemeente.example\r\nSubject: van een collega\r\n\r\nGoedemorgen.\r\n")
    with imaplib.IMAP4(HOST, dovecot.imap_port) as client:
        client.login(desk.mailbox, dovecot.password)
        client.select("INBOX")
        client.store("1", "+FLAGS", r"\Deleted")
        client.unselect()
    found = checked(desk)
    assert not_in_order(found) == []
    assert [one.step for one in found] == list(CheckStep)
    codes = {one.code for one in found}
    assert codes >= {OutcomeCode.KEYWORD_KEPT, OutcomeCode.PLUS_KEPT, OutcomeCode.PROOF_VERIFIED, OutcomeCode.CLEANED}
    assert OutcomeCode.NOT_TRIED not in codes
    assert in_mailbox(desk, dovecot) == 1


def test_every_step_passes_with_tokens_and_another_mailbox_is_refused(desk: DeskProcess, dovecot: Dovecot) -> None:
    """Both logins and the proof go by OAuth2; the token opens one mailbox."""
    with TokenEndpoint(Rotating(dovecot, desk.mailbox)).running() as endpoint:
        use_tokens(desk, endpoint)
        found = checked(desk)
    assert not_in_order(found) == []
    codes = {one.code for one in found}
    assert codes >= {OutcomeCode.OTHER_REFUSED, OutcomeCode.SUBMISSION_LOGGED_IN, OutcomeCode.PROOF_ANSWERED}
    assert in_mailbox(desk, dovecot) == 0


def test_an_expired_certificate_offers_its_renewal_alone(desk: DeskProcess, certificates: Certificates) -> None:
    """Of both servers: not the host, the port, the form of TLS, the authority or the network."""
    expired = certificates.expired()
    with Dovecot.running(expired) as dovecot, Postfix.running(expired, dovecot, 1) as postfix:
        settings = load(desk.folder)
        box = settings.desk.mailbox.model_copy(update={"port": dovecot.imaps_port})
        sending = settings.desk.submission.model_copy(update={"port": postfix.submission_port, "tls": "starttls"})
        changed = settings.desk.model_copy(update={"mailbox": box, "submission": sending})
        asked = means(settings.model_copy(update={"desk": changed}), resolver=ScriptedResolver(RECORDS))
        found = {one.step: one for one in checking.check(replace(asked, scratch=scratch_desk))}
    for step in (CheckStep.IMAP_CONNECT, CheckStep.SUBMISSION_CONNECT):
        assert "certificate has expired" in found[step].what.english
        assert found[step].mend == ConnectionFailure.CERTIFICATE_ENDED(host="localhost")
        assert found[step].where == ""


@pytest.mark.long
def test_a_daemon_beside_files_the_mail_and_tells_nobody(desk: DeskProcess, dovecot: Dovecot) -> None:
    """Its mail opens no case, waits for nobody and writes to no one; none stays."""
    filed = "SELECT 1 FROM message WHERE reason LIKE '%filed: own check%'"

    def scratch(settings: Configuration, submit: Submitter, clock: Clock) -> AbstractContextManager[Services]:
        patiently(lambda: len(desk.rows(filed)) >= 2, "the daemon files both mails")
        return scratch_desk(settings, submit, clock)

    desk.start()
    patiently(lambda: "parser confined" in desk.log(), "the daemon is ready to look")
    assert not_in_order(checked(desk, scratch)) == []
    desk.stop()
    assert desk.rows("SELECT DISTINCT place FROM message") == [("noise",)]
    assert desk.rows("SELECT id FROM outbox") == []
    assert in_mailbox(desk, dovecot) == 0


@pytest.mark.long
def test_what_a_killed_check_left_is_named_and_deleted_by_the_next(desk: DeskProcess, dovecot: Dovecot) -> None:
    """SIGKILL before the proof leaves two mails; the next check names both, and leaves nothing."""
    command = [sys.executable, "-c", KILLED, str(desk.folder)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE).returncode == -signal.SIGKILL
    assert in_mailbox(desk, dovecot) == 2
    found = {one.step: one for one in checked(desk)}
    left = found[CheckStep.LEFT_OVER]
    assert left.code is OutcomeCode.LEFT_REMOVED
    assert left.what.english.count("<check.") == 2
    assert found[CheckStep.CLEAN_UP].code is OutcomeCode.CLEANED
    assert in_mailbox(desk, dovecot) == 0


@pytest.mark.long
def test_the_trial_of_the_mark_is_on_record(desk: DeskProcess, dovecot: Dovecot) -> None:
    """Postfix removes no mark: with `trust: exchange` that is to be mended, and the record says that it survived."""
    yaml, path = YAML(), desk.folder / "flaggermail.yaml"
    settings = yaml.load(path.read_text("utf-8"))
    settings["mailbox"] |= {"trust": "exchange", "own_domains": ["bzk.example"], "received_by": "bzk.example"}
    del settings["mailbox"]["authserv_id"]
    yaml.dump(settings, path)
    found = {one.step: one for one in checked(desk)}
    assert found[CheckStep.FORGED_MARK].code is OutcomeCode.MARK_SURVIVES
    ((survived, message_id),) = desk.rows("SELECT survived, message_id FROM trust_proof")
    assert survived
    assert str(message_id).endswith(".forged@bzk.example")
    assert in_mailbox(desk, dovecot) == 0
