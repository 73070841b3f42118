# SPDX-License-Identifier: EUPL-1.2
"""An INTERNALDATE is chosen by whoever fills the mailbox: it stops no daemon, breaks no list, makes no answer late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.command_line import type_here
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.test_daemon import PLATFORM, answer, decide, refer, the_case
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

END = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
SHOWN = (
    ("quarantine", "list"), ("events",), ("oncall", "handover"), ("archive", "verify"), ("latency",),
    ("outbox", "list", "--all"), ("audit", "verify"),
)  # fmt: skip


def everything(desk: DeskProcess) -> str:
    """Returns what the commands print; each must succeed."""
    told = type_here(["--config", str(desk.folder), "status"])
    assert "Traceback" not in told.err  # its exit status says whether all is well, and a clock that is ahead is not
    return "\n".join([told.out, *(desk.run(*words) for words in SHOWN)])


def waiting(desk: DeskProcess, subject: str) -> str | None:
    """Returns the id of the mail in the quarantine with that subject, or None."""
    return next((str(m["id"]) for m in desk.listed("quarantine", "list") if m["subject"] == subject), None)


def test_a_mail_of_the_last_year_that_a_server_holds_ends_no_daemon(
    desk: DeskProcess, postfix: Postfix, dovecot: Dovecot
) -> None:
    """The daemon takes it in, writes its status, goes on with later mail and starts again; every list prints."""
    desk.start()
    octets = (
        b"From: a@elders.example\r\nSubject: Uit de toekomst\r\nMessage-ID: <t@elders.example>\r\n\r\nEen vraag.\r\n"
    )
    patiently((desk.folder / "status.json").exists, "the mailbox was read")
    dovecot.restore(desk.mailbox, octets, END)
    message = patiently(lambda: waiting(desk, "Uit de toekomst"), "the mail waits for a person")
    refer(desk, postfix)
    case = str(patiently(lambda: the_case(desk), "a case"))
    written = desk.folder / "status.json"
    before = written.stat().st_mtime_ns
    patiently(lambda: written.stat().st_mtime_ns > before, "the status is written again")
    (reason,) = [str(row["reason"]) for row in desk.listed("quarantine", "list") if row["id"] == message]
    assert "later than the desk first saw it; first sight counts" in reason
    everything(desk)
    assert not desk.process_ended(), desk.log()
    desk.stop()
    desk.start()
    everything(desk)
    desk.run("case", "show", case)
    desk.run("archive", "export", "--election", "NU", "--out", str(desk.folder / "dossier"))
    assert "failed" not in desk.log()
    assert not desk.process_ended(), desk.log()


@pytest.mark.long
@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=30)])
def test_a_genuine_answer_put_back_under_a_later_date_counts_from_first_sight(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot, ahead: timedelta
) -> None:
    """Somebody who may append takes the answer out and lays it back, dated later: a person confirms, minutes stay."""
    desk.start()
    refer(desk, postfix)
    case = str(patiently(lambda: the_case(desk), "a case"))
    desk.run("approve", decide(desk, case))
    (notified,) = platform.wait(1, recipient=PLATFORM)
    desk.stop()
    answer(desk, postfix, notified)
    (_, octets) = dovecot.wait_for_messages(desk.mailbox, 2)
    dovecot.expunge(desk.mailbox, 2)
    dovecot.restore(desk.mailbox, octets, datetime.now(UTC) + ahead)
    desk.start()
    message = str(patiently(lambda: disputed(desk), "the answer is disputed"))
    assert states(desk, case) == ["running"] * 3
    patiently(lambda: "agrees" not in (clock_word(desk) or "agrees"), "the clocks are compared anew, and do not agree")
    desk.run("message", "confirm", message)
    assert states(desk, case) == ["stopped"] * 3
    (minutes,) = desk.rows("SELECT count(*) FROM clock WHERE stopped_at > started_at")[0]
    assert minutes == 3
    assert desk.rows("SELECT max(stopped_at) < datetime('now', '+2 minutes') FROM clock") == [(1,)]
    everything(desk)
    desk.run("case", "show", case)
    desk.run("archive", "export", case, "--out", str(desk.folder / "dossier"))
    assert not desk.process_ended(), desk.log()


def disputed(desk: DeskProcess) -> str | None:
    """Returns the id of the message whose arrival is disputed, or None."""
    return next((str(key) for (key,) in desk.rows("SELECT id FROM message WHERE disputed")), None)


def states(desk: DeskProcess, case: str) -> list[str]:
    """Returns the states of the clocks of the only notification."""
    document = desk.read("case", "show", case)
    assert isinstance(document, dict)
    (notification,) = document["notifications"]
    return [clock["state"] for clock in notification["clocks"]]


def clock_word(desk: DeskProcess) -> str | None:
    """Returns what the self-check last found of the two clocks, or None."""
    return next((str(value) for (value,) in desk.rows("SELECT value FROM watched WHERE id = 'clock'")), None)
