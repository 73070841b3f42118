# SPDX-License-Identifier: EUPL-1.2
"""One draft at two screens, and in a browser of the terminal: w3m sends no word about where a form comes from."""

from __future__ import annotations

import hashlib
import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flaggermail.record.rows import Notification
from flaggermail.record.states import NotificationState
from tests.doubles.paged import HEAD, OFFICER1
from tests.flow.test_screen import opened
from tests.patience import PATIENCE
from tests.store.desk_fixtures import Desk
from tests.tools.page_pictures import served
from tests.tools.played_night import night

pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("browser")]
OPTIONS = ("-o", "confirm_qq=0", "-o", "auto_image=0", "-no-mouse")


def the_draft(desk: Desk) -> str:
    """Returns the draft of the night that waits for its approval."""
    (found,) = [one.id for one in desk.notifications() if one.state == NotificationState.DRAFT]
    return found


def test_two_officers_at_one_draft_send_it_once(browser: Browser, tmp_path: Path) -> None:
    """Both have it open; the second is told who was faster, and what became of it."""
    desk = night(tmp_path)
    draft = the_draft(desk)
    with served(desk, OFFICER1) as here, served(desk, HEAD) as there:
        pages = [opened(browser, "en", 1280) for _ in range(2)]
        for page, root in zip(pages, (here, there), strict=True):
            page.goto(f"{root}/drafts/{draft}")
        for page in pages:
            page.click("form:has(input[value=approve]) button[type=submit]")
        first, second = pages
        assert first.locator("[role=alert]").count() == 0
        assert "A. Jansen" in second.locator("[role=alert]").inner_text()
        for page in pages:
            page.context.close()
    desk.settle()
    (found,) = [one for one in desk.notifications() if one.id == draft]
    assert (found.state, found.approved_by) == (NotificationState.SENT, ("officer1",))
    assert [hashlib.sha256(one.octets).hexdigest() for one in desk.server.envelopes].count(found.digest) == 1
    desk.env.close()


class Terminal:
    """A program that runs in a terminal of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._shown = descriptor, ""

    def awaits(self, text: str) -> None:
        """Waits until the terminal has shown a text since the last key."""
        until = time.monotonic() + PATIENCE
        while text not in self._shown:
            assert time.monotonic() < until, self._shown[-3000:]
            if select.select([self._descriptor], [], [], 0.2)[0]:
                self._shown += os.read(self._descriptor, 65_536).decode("utf-8", "replace")

    def types(self, keys: str) -> None:
        """Types keys."""
        self._shown = ""
        os.write(self._descriptor, keys.encode())


@contextmanager
def in_terminal(folder: Path, *command: str) -> Iterator[Terminal]:
    """Runs a program in a terminal with 120 columns, with its own files in `folder`."""
    assert shutil.which(command[0]) is not None, f"needed: the Debian package {command[0]}"
    ours, theirs = pty.openpty()
    given = {**os.environ, "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", "COLUMNS": "120", "LINES": "60"}
    running = subprocess.Popen(  # setsid -c: its keys come from a terminal that is its own
        ["setsid", "-c", *command], stdin=theirs, stdout=theirs, stderr=theirs, env=given,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(ours)
    finally:
        running.kill()
        running.wait(PATIENCE)
        os.close(ours)


def test_w3m_approves_a_draft(tmp_path: Path) -> None:
    """In a terminal, without script and without the headers by which browsers say where a form comes from."""
    (tmp_path / "night").mkdir()
    desk = night(tmp_path / "night")
    draft = the_draft(desk)
    with served(desk) as root, in_terminal(tmp_path, "w3m", *OPTIONS, f"{root}/drafts/{draft}") as screen:
        screen.awaits("Viewing <Draft")
        screen.types("/Approve exactly\r")
        screen.awaits("Forward: Approve exactly")
        screen.types("\r")
        until = time.monotonic() + PATIENCE
        while desk.row(Notification, draft).state == NotificationState.DRAFT:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert desk.row(Notification, draft).approved_by == ("officer1",)
    desk.env.close()
