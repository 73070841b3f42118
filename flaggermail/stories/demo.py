# SPDX-License-Identifier: EUPL-1.2
"""The demo: a whole story with the real daemon and real sockets, and a clock that jumps from event to event.

A scenario (`demo_story/scenario.yaml`, in the format of a replay) is played on a running desk: a mailbox server and a
submission server on loopback, the daemon in its own process, and the command line as officers use it. Only the clock is
simulated: the demo sets it, and each time waits until the daemon has done all that is due. The summary at the end is
read back from the record.
"""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from flaggermail.errors import FlaggermailError, StoryBroken
from flaggermail.stories import demo_figures
from flaggermail.stories.demo_figures import Look, Tell, Teller
from flaggermail.stories.demo_stage import ARCHIVE, DATABASE, LOG, SHIPPED, Bridge, Parts, RunningDesk, opened
from flaggermail.stories.player import Audience, play
from flaggermail.stories.scenario import Scenario, read
from flaggermail.stories.scenario_file import EnteredCommand

__all__ = ["Bridge", "Look", "Parts", "Tell", "Wanted", "show"]

TRACEBACK = "traceback.txt"
PAGE = "figures.html"
LATER = 3.0  # seconds until a platform answers after the story


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of the command line."""

    once: bool
    everything: bool  # not the story's last day alone
    answer_after: int | None  # minutes; None: as in the story
    login: str  # of the user, who is an officer during the demo
    program: str  # how the user runs this program


def show(wanted: Wanted, parts: Parts, tell: Tell) -> None:
    """Plays the story, then serves the desk's pages until Ctrl-C unless `wanted.once`. Raises StoryBroken."""
    folder = Path(tempfile.mkdtemp(prefix="flaggermail-demo-"))
    try:
        story = read(SHIPPED, wanted.answer_after)
        with opened(folder, parts, story, wanted.login) as desk:
            last = story.instants()[-1].astimezone(desk.env.settings.zone)
            teller = Teller(desk.env, tell, None if wanted.everything else last.date())
            _print_introduction(folder, tell)
            play(desk, story, _Spectators(desk, teller))
            _conclude(desk, story, teller)
            if not wanted.once:
                with suppress(KeyboardInterrupt):
                    _serve(desk, story, wanted.program, tell)
            desk.end()
        _print_farewell(folder, story, wanted.program, tell)
    except Exception as fault:
        what = str(fault)
        if not isinstance(fault, FlaggermailError | OSError):  # unexpected: keep the traceback for a bug report
            (folder / TRACEBACK).write_text(traceback.format_exc(), encoding="utf-8")
            what = f"{type(fault).__name__}, see {folder / TRACEBACK}"
        raise StoryBroken(f"demo: {what}; the daemon's log is {folder / LOG}") from fault


@dataclass
class _Spectators(Audience):
    """Those to whom the demo is shown; the story breaks where the record holds what must not be there."""

    desk: RunningDesk
    teller: Teller

    def remark(self, at: datetime, text: str) -> None:
        self.teller.remark(at, text)

    def typed(self, act: EnteredCommand, printed: str) -> None:
        if act.show != "nothing":
            self.teller.typed(act, printed)

    def settled(self, acts: Sequence[EnteredCommand]) -> None:
        self.teller.news()
        with self.desk.env.store.read() as tx:
            _raise_if_any(demo_figures.troubles(tx))
        if any(act.show == "letter" for act in acts):
            channels = (c for platform in self.desk.env.settings.platform_list for c in platform.channels)
            addresses = {address for channel in channels for address in channel.to}
            self.teller.letter(self.desk.servers.last_for(addresses))


def _serve(desk: RunningDesk, story: Scenario, program: str, tell: Tell) -> NoReturn:
    """Leaves something to do, and serves the pages. Raises KeyboardInterrupt, Refusal, StoryBroken, OSError."""
    now = desk.clock.now()
    for mail in story.arriving(now):
        desk.deliver(mail)
    desk.settle()
    for act in story.prepared(now):
        desk.do(act)
    desk.settle()
    with desk.pages() as address:
        desk.clock.go_on()
        _print_invitation(desk, story, (address, program), tell)
        _answer_user(desk, story)


def _answer_user(desk: RunningDesk, story: Scenario) -> NoReturn:
    """Answers what the user sends until they stop the demo. Raises KeyboardInterrupt, StoryBroken, OSError."""
    answered = story.later_asked(desk.env)
    while True:
        time.sleep(LATER)
        if desk.daemon.poll() is not None:
            raise StoryBroken(f"the daemon ended with status {desk.daemon.returncode}")
        while answered < story.later_asked(desk.env):
            desk.deliver(story.later(answered, desk.clock.now()))
            answered += 1


def _print_introduction(folder: Path, tell: Tell) -> None:
    for line in (
        "The real daemon reads a mailbox over IMAP and sends over SMTP, all of it on this machine. Only the clock",
        "is not the machine's: it jumps from event to event. Mail to officers and referrers is in Dutch here.",
        f"Everything is kept in {folder}",
        "Three clocks start when the submission server has taken a notification: the receipt clock stops at any answer",
        "of the platform, the human clock at a person's, the substance clock at one that goes into the matter.",
    ):
        tell(line, "plain")


def _raise_if_any(troubles: Sequence[str]) -> None:
    if troubles:
        raise StoryBroken("; ".join(troubles))


def _conclude(desk: RunningDesk, story: Scenario, teller: Teller) -> None:
    with desk.env.store.read() as tx:
        wrong = demo_figures.faults(tx)
        found = list(demo_figures.lines(tx, story.file.demo.figures[: None if teller.only is None else 1], teller))
        page = demo_figures.page_of_uses(tx, desk.env, desk.clock.now())
    _raise_if_any(wrong)
    teller.tell("", "plain")
    teller.tell("What the record says now", "heading")
    for text, look in found:
        teller.tell(text, look)
    teller.tell("", "plain")
    (desk.folder / PAGE).write_text(page, encoding="utf-8")
    kept = ("database", DATABASE), ("archive", ARCHIVE), ("daemon's log", LOG), ("page of figures", PAGE)
    for what, name in kept[0 if teller.only is None else -1 :]:
        teller.tell(f"  {what:<16}{desk.folder / name}", "plain")


def _print_invitation(desk: RunningDesk, story: Scenario, ways: tuple[str, str], tell: Tell) -> None:
    """`ways`: the address of the pages, and how the user runs this program."""
    (address, program), now = ways, desk.clock.now().astimezone(desk.env.settings.zone)
    tell("", "plain")
    tell(f"The story is over; the desk goes on from {now:%H:%M} of that day. Ctrl-C ends it.", "heading")
    tell("Its pages, for a browser of this machine; the address works once, and you are the officer:", "plain")
    tell(f"  {address}", "typed")
    for line in story.file.demo.hints:
        tell(line, "plain")
    tell("The same in another terminal; `web` in place of `approve ...` prints another address:", "plain")
    _commands(desk.folder, story.file.demo.tries, program, tell)


def _print_farewell(folder: Path, story: Scenario, program: str, tell: Tell) -> None:
    tell("", "plain")
    tell("The daemon has ended. The record can still be read:", "heading")
    _commands(folder, [f"--direct {line}" for line in story.file.demo.look], program, tell)


def _commands(folder: Path, lines: Sequence[str], program: str, tell: Tell) -> None:
    for line in lines:
        tell(f"  {program} --config {folder} {line}", "typed")
