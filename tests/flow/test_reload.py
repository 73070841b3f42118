# SPDX-License-Identifier: EUPL-1.2
"""Rules are reloaded by SIGHUP while the daemon runs as a process, as `systemctl reload` does."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from flaggermail.shipped import shipped
from tests.flow.desk_process import DeskProcess, patiently
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

SENDER = "f.voorbeeld@lindewaard.example"
TESTS = Path(__file__).parents[1]
RULE = "  - name: newsletter\n    when: {subject: [nieuwsbrief]}\n    then: {kind: noise}\n"


def own_rules(desk: DeskProcess) -> Path:
    """Gives the desk a few rules of its own and returns the file to edit."""
    folder = desk.folder / "rules"
    folder.unlink()
    shutil.copytree(TESTS / "rules", folder)
    for table in shipped("rules").glob("[a-z]*.yaml"):
        shutil.copy(table, folder)
    return folder / "90-noise.yaml"


def lines(desk: DeskProcess, text: str) -> list[dict[str, object]]:
    """Returns the lines of the log with this text."""
    found = (json.loads(line) for line in desk.log().splitlines() if line.startswith("{"))
    return [line for line in found if text in line.values()]


def receive(desk: DeskProcess, postfix: Postfix, number: int) -> None:
    """Delivers a newsletter and waits until the daemon has taken it in."""
    octets = (
        f"From: {SENDER}\r\nTo: {desk.mailbox}@bzk.example\r\nSubject: Nieuwsbrief {number}\r\n"
        f"Message-ID: <n{number}.{desk.mailbox}@lindewaard.example>\r\n\r\nTekst {number}\r\n"
    ).encode()
    postfix.deliver_from_outside(octets, SENDER, f"{desk.mailbox}@bzk.example")
    patiently(lambda: len(lines(desk, "message taken in")) >= number, "the mail is taken in")


def judged(desk: DeskProcess, number: int) -> tuple[str, str]:
    """Returns the kinds that the daemon assigned, and the version of the rules."""
    document = desk.read("message", "show", f"<n{number}.{desk.mailbox}@lindewaard.example>")
    assert isinstance(document, dict)
    return "+".join(document["kinds"]), str(document["ruleset"])


def reload(desk: DeskProcess, file: Path, text: str, says: str) -> None:
    """Saves a file, sends SIGHUP and waits for the daemon's log line."""
    before = len(lines(desk, says))
    file.write_text(text, "utf-8")
    assert desk.process is not None
    desk.process.send_signal(signal.SIGHUP)
    patiently(lambda: len(lines(desk, says)) > before, says)


@pytest.mark.long
def test_edited_rules_judge_the_next_mail_and_broken_ones_do_not(
    desk: DeskProcess, postfix: Postfix, dovecot: Dovecot
) -> None:
    """SIGHUP loads valid rules. Faulty ones cause a mail to the officer on call, and the old rules stay in force."""
    file = own_rules(desk)
    good = file.read_text("utf-8")
    desk.start()
    receive(desk, postfix, 1)
    kinds, first = judged(desk, 1)
    assert kinds == "unknown"
    reload(desk, file, good + RULE, "rules and templates taken")
    receive(desk, postfix, 2)
    kinds, second = judged(desk, 2)
    assert (kinds, second != first) == ("noise", True)
    told = len(patiently(lambda: desk.officers_mail(dovecot), "a notice"))
    reload(desk, file, good + RULE.replace("}", ""), "rules or templates refused")
    alarm = patiently(lambda: desk.officers_mail(dovecot, told + 1), "an alarm")[-1]
    assert b"rules/90-noise.yaml:" in alarm
    receive(desk, postfix, 3)
    reload(desk, file, good + RULE, "rules and templates taken")
    assert judged(desk, 3) == ("noise", second)
    assert desk.stop() == []
    assert "chain intact" in desk.run("audit", "verify")
