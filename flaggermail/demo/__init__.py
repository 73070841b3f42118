# SPDX-License-Identifier: EUPL-1.2
"""The whole story in one command: the real daemon, real sockets, and a clock that jumps from event to event.

A story (`story/story.yaml`) is played on a stage: a mailbox server and a submission server on loopback, the daemon as a
process of its own, and the command line as officers type it. Only the clock is not the machine's: the demo sets it, and
waits each time until the daemon has done all that is due. What is told at the end is read back from the record.
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

from flaggermail.demo import figures, script
from flaggermail.demo.answers import Incoming, Platforms, referral
from flaggermail.demo.configuration import ARCHIVE, DATABASE, STORY
from flaggermail.demo.script import Step, Story
from flaggermail.demo.stage import LOG, Parts, Stage, opened
from flaggermail.demo.telling import Look, Tell, Teller
from flaggermail.errors import FlaggermailError, StoryBroken

__all__ = ["Look", "Parts", "Tell", "Wanted", "show"]

TRACEBACK = "traceback.txt"
LATER = 3.0  # seconds until a platform answers when the story is over


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    once: bool
    answer_after: int | None  # minutes; None: as in the story
    login: str  # of the user, who is an officer for the time of the demo
    program: str  # how the user calls this program


def show(wanted: Wanted, parts: Parts, tell: Tell) -> None:
    """Play the story, then go on until Ctrl-C unless only once is wanted. Raises StoryBroken."""
    folder = Path(tempfile.mkdtemp(prefix="flaggermail-demo-"))
    try:
        story = script.read(wanted.answer_after)
        _introduce(folder, tell)
        with opened(folder, parts, story, wanted.login) as stage:
            platforms = Platforms(story, stage.env.settings)
            teller = Teller(stage.env, story.words, tell)
            _play(stage, story, platforms, teller)
            _conclude(stage, story, teller)
            if not wanted.once:
                stage.clock.release()
                _invite(folder, story, wanted.program, tell)
                with suppress(KeyboardInterrupt):
                    _go_on(stage, platforms)
            stage.end()
        _take_leave(folder, story, wanted.program, tell)
    except Exception as fault:
        what = str(fault)
        if not isinstance(fault, FlaggermailError | OSError):  # nothing that was foreseen: kept whole for who mends it
            (folder / TRACEBACK).write_text(traceback.format_exc(), encoding="utf-8")
            what = f"{type(fault).__name__}, see {folder / TRACEBACK}"
        raise StoryBroken(f"demo: {what}; the daemon's log is {folder / LOG}") from fault


def _play(stage: Stage, story: Story, platforms: Platforms, teller: Teller) -> None:
    """Go from instant to instant: those of the story and its answers, and those at which the daemon has to act."""
    steps, answers = list(story.steps), list[Incoming]()
    while (now := _next(stage, steps, answers)) is not None:
        stage.clock.set(now)
        stage.settle()  # what falls due in this very minute comes before what happens in it
        teller.news()
        for answer in [answer for answer in answers if answer.at <= now]:
            answers.remove(answer)
            stage.deliver(answer.octets, answer.at)
        letters = False
        while steps and steps[0].at <= now:
            letters |= steps[0].letter
            _do(stage, story, steps.pop(0), teller)
        stage.settle()
        teller.news()
        with stage.env.store.read() as tx:
            _refuse(figures.troubles(tx))
        if letters:
            teller.letter(_to_a_platform(stage))
        answers += platforms.answers(stage.servers.taken(), now)


def _to_a_platform(stage: Stage) -> bytes:
    """The octets of what left for a platform last."""
    channels = (c for platform in stage.env.settings.platform_list for c in platform.channels)
    addresses = {address for channel in channels for address in channel.to}
    return next(mail.octets for mail in reversed(stage.servers.taken()) if addresses.intersection(mail.recipients))


def _next(stage: Stage, steps: Sequence[Step], answers: Sequence[Incoming]) -> datetime | None:
    planned = [step.at for step in steps[:1]] + [answer.at for answer in answers]
    due = stage.next_due()
    return min([*planned, due] if due is not None else planned, default=None)


def _do(stage: Stage, story: Story, step: Step, teller: Teller) -> None:
    if step.tell:
        teller.remark(step.at, step.tell)
    if step.policies:
        stage.read_policies()
    if step.mail:
        arriving = referral(step.mail, step.at, stage.env.settings)
        stage.deliver(arriving.octets, arriving.at)
    if step.do:
        printed = stage.do(story.officer, step.do)
        if not step.brief:
            teller.typed(step.at, story.officer, step.do, printed)


def _go_on(stage: Stage, platforms: Platforms) -> NoReturn:
    """Answer what the user sends, until he has enough of it. Raises KeyboardInterrupt, StoryBroken, OSError."""
    while True:
        time.sleep(LATER)
        if stage.daemon.poll() is not None:
            raise StoryBroken(f"the daemon ended with status {stage.daemon.returncode}")
        for answer in platforms.later_answers(stage.servers.taken(), stage.clock.now()):
            stage.deliver(answer.octets, answer.at)


def _introduce(folder: Path, tell: Tell) -> None:
    for line in (
        "The real daemon reads a mailbox over IMAP and sends over SMTP, all of it on this machine. Only the clock",
        "is not the machine's: it jumps from event to event. Mail to officers and referrers is in Dutch here.",
        f"Everything is kept in {folder}",
    ):
        tell(line, "plain")


def _refuse(troubles: Sequence[str]) -> None:
    if troubles:
        raise StoryBroken("; ".join(troubles))


def _conclude(stage: Stage, story: Story, teller: Teller) -> None:
    with stage.env.store.read() as tx:
        wrong = figures.faults(tx)
        found = list(figures.lines(tx, story.figures, teller))
    _refuse(wrong)
    teller.tell("", "plain")
    teller.tell("What the record says now", "heading")
    for text, look in found:
        teller.tell(text, look)
    teller.tell("", "plain")
    for what, name in (("database", DATABASE), ("archive", ARCHIVE), ("daemon's log", LOG)):
        teller.tell(f"  {what:<16}{stage.folder / name}", "plain")


def _invite(folder: Path, story: Story, program: str, tell: Tell) -> None:
    tell("", "plain")
    tell("The story is over. The daemon goes on, now by the clock of this machine; Ctrl-C ends it.", "heading")
    tell("In another terminal you are the officer; the platform of the first story answers within seconds:", "plain")
    _commands(folder, story.tries, program, tell)


def _take_leave(folder: Path, story: Story, program: str, tell: Tell) -> None:
    tell("", "plain")
    tell("The daemon has ended. The record can still be read:", "heading")
    _commands(folder, story.look, program, tell)


def _commands(folder: Path, lines: Sequence[str], program: str, tell: Tell) -> None:
    for line in lines:
        tell(f"  {program} --config {folder} {line.format(story=folder / STORY)}", "typed")
