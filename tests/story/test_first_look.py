# SPDX-License-Identifier: EUPL-1.2
"""While a mailbox of years is read for the first time, live mail is served as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from flaggermail.errors import LinkLost, LoginRefused, PauseAsked
from flaggermail.intake import poll
from flaggermail.ports import MailName, MailPage, News, RawMessage
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Delivery, UnfetchedMail
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.services import Services
from flaggermail.stories.doubles import ListMailbox, SetClock
from tests import asking
from tests.story.conftest import NOW
from tests.story.test_late import mail
from tests.story.test_rate_limits import OFFICER

OLD = NOW - timedelta(days=400)
REFERRER = "griffie@lindewaard.example"
PLATFORM = "agent@x-platform.example"
PAGE = 4


class PagedMailbox(ListMailbox):
    """A mailbox that is read in pages; after each one some seconds have passed, and something may have come."""

    def __init__(self, env: Services, clock: SetClock) -> None:
        super().__init__(env.settings.desk.mailbox)
        self._clock = clock
        self.comes: dict[tuple[str, int], Callable[[], None]] = {}  # after which page of which folder
        self.asked = list[str]()
        self.searched: list[tuple[str, str | None, datetime | None]] = []

    def news(self, folder: str, position: str | None) -> News:
        """Notes that a folder was looked at."""
        self.asked.append(folder)
        return super().news(folder, position)

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages of the messages that were there as the first one was asked for."""
        (whole,) = super().fetch_after(folder, position)
        many = len(whole.mails) > PAGE
        for number, first in enumerate(range(0, len(whole.mails), PAGE)):
            part = whole.mails[first : first + PAGE]
            yield MailPage(part, part[-1].cursor or "")
            self._clock.set(self._clock.now() + timedelta(seconds=6))
            if many and (came := self.comes.pop((folder, number), None)):
                came()
        yield MailPage((), whole.position)

    def fetch_first(
        self, folder: str, position: str | None, senders: Sequence[str], oldest: datetime | None = None
    ) -> Iterator[Sequence[RawMessage]]:  # fmt: skip
        """Notes what is searched."""
        self.searched.append((folder, position, oldest))
        return super().fetch_first(folder, position, senders, oldest)


def filled(env: Services, clock: SetClock, folder: str, count: int) -> PagedMailbox:
    """Returns a mailbox with so many old mails in a folder."""
    mailbox = PagedMailbox(env, clock)
    for number in range(count):
        mailbox.deliver(folder, mail(number, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), OLD)
    return mailbox


def order(env: Services) -> list[str | None]:
    """Returns the authors of incoming mail in the order in which it was taken in."""
    stored = asking.messages(env, direction=Direction.IN)
    return [row.from_address for row in sorted(stored, key=lambda row: row.id)]


def confirmations(env: Services) -> int:
    """Returns how many referrals were confirmed."""
    return len(asking.mails(env, kind=Kind.INTAKE_CONFIRMATION))


def test_live_mail_is_taken_in_while_old_mail_is_read(env: Services, clock: SetClock) -> None:
    """A referral that comes at the second of twenty pages is taken in and confirmed long before the last one, once."""
    mailbox = filled(env, clock, "inbox", 80)
    referral = mail(900, REFERRER, "Verkeerde stemdag", "Stem niet op donderdag.")
    mailbox.comes["INBOX", 1] = lambda: mailbox.deliver("inbox", referral, clock.now())
    assert poll.look(env, mailbox) == 81  # what came meanwhile is read to its end, too
    authors = order(env)
    assert len(authors) == len(set(authors)) == 81
    assert authors.index(REFERRER) < 24
    assert confirmations(env) == 1
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
        assert len(tx.find(Delivery)) == 81
    assert cursor is not None
    assert (cursor.position, cursor.held) == ("1/81", 81)
    assert poll.look(env, mailbox) == 0


def test_it_is_so_for_whichever_folder_is_read(env: Services, clock: SetClock) -> None:
    """Sent is read before the inbox; a referral that waits there, or comes, does not wait for it."""
    mailbox = filled(env, clock, "sent", 80)
    mailbox.deliver("inbox", mail(901, REFERRER, "Eerste", "Stem niet op donderdag."), NOW)
    second = mail(902, "griffie@kromwoude.example", "Tweede", "Stem niet op vrijdag.")
    mailbox.comes[mailbox.names["sent"], 2] = lambda: mailbox.deliver("inbox", second, clock.now())
    assert poll.look(env, mailbox) == 82
    authors = order(env)
    assert authors.index(REFERRER) < 10
    assert authors.index("griffie@kromwoude.example") < 30
    assert confirmations(env) == 2


def test_what_is_expected_and_recent_comes_before_old_mail(env: Services, clock: SetClock) -> None:
    """At the first look at an inbox of years, an officer's mail of today is the first; old mail of officers waits."""
    mailbox = filled(env, clock, "inbox", 79)
    mailbox.deliver("inbox", mail(903, "c.bakker@bzk.example", "Van toen", "Dit was vorig jaar."), OLD)
    mailbox.deliver("inbox", mail(904, OFFICER, "Even dit", "Zie je dit?"), NOW - timedelta(minutes=5))
    poll.look(env, mailbox)
    authors = order(env)
    assert authors[0] == OFFICER
    assert authors[-1] == "c.bakker@bzk.example"
    assert len(authors) == 81
    after = NOW - timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)
    assert mailbox.searched == [("INBOX", None, after)]


def test_of_a_flood_beside_it_only_expected_mail_is_served(env: Services, clock: SetClock) -> None:
    """Sixty strangers write while old mail is read: they wait for their turn, a platform among them does not."""
    mailbox = filled(env, clock, "inbox", 80)

    def flood() -> None:
        for number in range(60):
            stranger = mail(1000 + number, f"y{number}@nowhere.example", "Hallo", "Wat is dit?")
            mailbox.deliver("inbox", stranger, clock.now())
        mailbox.deliver("inbox", mail(2000, PLATFORM, "About your request", "We look into it."), clock.now())

    mailbox.comes["INBOX", 1] = flood
    assert poll.look(env, mailbox) == 141
    authors = order(env)
    assert authors.index(PLATFORM) < 24
    assert min(authors.index(f"y{number}@nowhere.example") for number in range(60)) > 79
    assert len(authors) == len(set(authors)) == 141


def test_a_short_look_asks_nothing_more(env: Services, clock: SetClock) -> None:
    """Where little mail waits, the inbox is not looked at in between."""
    mailbox = filled(env, clock, "inbox", 20)
    poll.look(env, mailbox)
    assert sorted(mailbox.asked) == sorted(mailbox.names.values())
    assert mailbox.searched == []


class FailingMailbox(PagedMailbox):
    """Loses the connection at the first new mail of the inbox, and the third time gives the others without it."""

    def __init__(self, env: Services, clock: SetClock) -> None:
        super().__init__(env, clock)
        self.fails = 0
        self.fault = LinkLost("the server lists the message with UID 1 and does not give it")

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages; of the inbox without its first mail."""
        if folder != "INBOX" or not self._messages[folder] or self.given(position):
            yield from super().fetch_after(folder, position)
            return
        self.fails += 1
        if self.fails < 3:
            raise self.fault
        for page in super().fetch_after(folder, position):
            bad = [MailName(folder, raw.numbering, raw.item) for raw in page.mails if raw.item == "1"]
            yield MailPage([raw for raw in page.mails if raw.item != "1"], page.position, bad)


def failing(env: Services, clock: SetClock) -> FailingMailbox:
    """Returns such a mailbox with much old mail in Junk, whose second page brings two mails to the inbox."""
    mailbox = FailingMailbox(env, clock)
    for number in range(80):
        mailbox.deliver("junk", mail(number, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), OLD)

    def come() -> None:
        for number, sender in (901, "griffie@kromwoude.example"), (902, REFERRER):
            mailbox.deliver("inbox", mail(number, sender, "Verkeerd", "Stem niet op donderdag."), clock.now())

    mailbox.comes[mailbox.names["junk"], 1] = come
    return mailbox


def test_a_mail_that_is_not_given_ends_no_folder_that_is_read(env: Services, clock: SetClock) -> None:
    """Looks out of turn fail at it twice, and then set it aside; what lies behind it is served at once."""
    mailbox = failing(env, clock)
    assert poll.look(env, mailbox) == 80
    assert order(env).index(REFERRER) < 32
    with env.store.read() as tx:
        assert [(row.folder, row.item) for row in tx.find(UnfetchedMail)] == [("INBOX", "1")]
    assert poll.look(env, mailbox) == 1  # in its turn
    assert len(order(env)) == 81
    assert len(asking.alarms(env, kind=AlarmKind.MAIL_UNFETCHED)) == 1


@pytest.mark.parametrize("fault", [LoginRefused("no"), PauseAsked("wait", 60)])
def test_a_refused_login_out_of_turn_ends_the_look(env: Services, clock: SetClock, fault: LinkLost) -> None:
    """The account is meant, not a folder."""
    mailbox = failing(env, clock)
    mailbox.fault = fault
    with pytest.raises(type(fault)):
        poll.look(env, mailbox)
    assert mailbox.fails == 1
