# SPDX-License-Identifier: EUPL-1.2
"""Nights with a hostile member of the shared mailbox (`member`), on desks whose codes the mailbox does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import PagerSettings
from flaggermail.settings.sections import ApprovalSettings, ByReply
from flaggermail.stories import played_mail
from tests import asking
from tests.nights.diary import Diary
from tests.nights.kit import Kit
from tests.nights.member import Member
from tests.nights.night import Night
from tests.nights.people import People
from tests.nights.platforms import Platforms
from tests.nights.reading import Read
from tests.nights.troubles import plan

KEPT = frozenset({0, 1, 6, 8, 9})
"""The promises that a member of the mailbox cannot break; the others are counted as what they can do."""
WAYS = (ByReply.TOTP, ByReply.TOTP, ByReply.PAGER, ByReply.OFF)
APPROVER = "officer1"


@dataclass
class PagedPeople(People):
    """Officers whose code for a draft comes by pager, or who approve by command alone; a device's code does nothing."""

    def _approve_by_mail(self, read: Read, approved: Callable[[], None]) -> None:
        if self.night.env.settings.desk.approval.means is ByReply.OFF:
            return
        asked = next(iter(asking.mails(self.night.env, digest=read.digest)), None)
        code = played_mail.code_at(self.night.env, self.night.clock.now(), read.recipient, asked)
        if code is not None:
            self.mailing.answer(read, f"{self.chance.choice(('akkoord', 'approve'))} {code}", approved)


def play(seed: int, kit: Kit) -> Diary:
    """Plays the night of that seed with a member at work; violations are those of the promises in `KEPT`."""
    chance = Random(f"member/{seed}")  # noqa: S311 - the same night again is the purpose
    means = chance.choice(WAYS)
    with _approving(kit, means):
        night = Night(seed, kit)
        night.diary.counts[f"desk: {means}"] += 1
        people = People if means in {ByReply.TOTP, ByReply.MAIL} else PagedPeople
        plan(night, people(night, Platforms(night)))
        Member(night, chance)
        diary = night.play()
    for violation in diary.violations:
        if violation.promise not in KEPT:
            diary.counts[f"not kept: {violation.promise}"] += 1
    diary.violations = [violation for violation in diary.violations if violation.promise in KEPT]
    return diary


@contextmanager
def _approving(kit: Kit, means: ByReply) -> Iterator[None]:
    """Makes the desks of this kit approve by reply in that way."""
    before = kit.default, kit.edited
    kit.default, kit.edited = (_with_means(settings, means) for settings in before)
    try:
        yield
    finally:
        kit.default, kit.edited = before


def _with_means(settings: Configuration, means: ByReply) -> Configuration:
    approval = ApprovalSettings(persons=1, by_reply=means)
    paged = (PagerSettings(credential="pager"),) if means is ByReply.PAGER else ()
    officers = tuple(
        officer.model_copy(update={"pagers": paged}) if officer.id == APPROVER else officer
        for officer in settings.oncall.officers
    )
    return settings.model_copy(
        update={
            "desk": settings.desk.model_copy(update={"approval": approval}),
            "oncall": settings.oncall.model_copy(update={"officers": officers}),
        }
    )
