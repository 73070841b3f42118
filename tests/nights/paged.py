# SPDX-License-Identifier: EUPL-1.2
"""Officers with pagers on a night of two nodes, and what is promised of a page: it is called, and not without end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flaggermail.ports import Paged
from flaggermail.record.definition import where
from flaggermail.record.rows import Page
from flaggermail.record.states import PageState
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import PagerSettings
from tests.nights.kit import Kit
from tests.nights.night import Night
from tests.nights.world import WallClock, Watch

AFTER = 5  # minutes after the mail
MOST = 3  # calls of one page: two tries, and one of a leader that woke and had begun it
PAGED = ("officer1", "head1")


@dataclass
class Pagers:
    """Implements `ports.Pager`: each call is heard; the end of the leader may come before it and after it."""

    watch: Watch
    clock: WallClock
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)  # pager and text
    began: list[tuple[int, str]] = field(default_factory=list)  # uses before each call, and its pager

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Records the call."""
        assert title
        self.began.append((self.watch.counted, pager))
        self.watch.use()
        self.heard[pager, text] += 1
        self.watch.use()
        return Paged(taken=True)


@contextmanager
def officers(kit: Kit) -> Iterator[None]:
    """Gives officers of this kit's desks a pager each."""
    before = kit.default, kit.edited
    kit.default, kit.edited = map(_with_pagers, before)
    try:
        yield
    finally:
        kit.default, kit.edited = before


def _with_pagers(settings: Configuration) -> Configuration:
    people = tuple(
        one.model_copy(update={"pagers": (PagerSettings(credential=one.id, after=AFTER),)}) if one.id in PAGED else one
        for one in settings.oncall.officers
    )
    return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": people})})


def judge(night: Night, pagers: Pagers) -> None:
    """Adds to the diary each page that nobody heard, was heard more often than promised, or is left in hand."""
    with night.env.store.read() as tx:
        pages = tx.find(Page, where(Page.state).in_((PageState.SENT, PageState.FAILED)))
        for left in tx.find(Page, where(Page.state).in_((PageState.QUEUED, PageState.ATTEMPTING))):
            night.diary.broken(15, f"{left.id} is {left.state} in the morning")
    night.diary.counts["pages"] += len(pages)
    queued = Counter((page.pager, page.text) for page in pages)
    for (pager, text), pages_of in queued.items():
        if not pages_of <= pagers.heard[pager, text] <= pages_of * MOST:
            calls = pagers.heard[pager, text]
            night.diary.broken(15, f"{pager} heard {text!r} {calls} times, of {pages_of} pages")
    for pager, text in pagers.heard.keys() - queued.keys():
        night.diary.broken(15, f"{pager} heard {text!r}, which is on no record")
