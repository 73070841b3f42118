# SPDX-License-Identifier: EUPL-1.2
"""Every kind of mailbox behind the port gives each mail once, whatever its positions and names look like.

Three are tried: Dovecot by the IMAP adapter, the double of lists, and one whose positions are links of two thousand
characters, whose names are ids, and which gives mails in any order, some twice, in pages. Intake knows none of them.
"""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.archive import verify
from flaggermail.errors import LinkLost
from flaggermail.intake import poll
from flaggermail.ports import (
    Census,
    Continuity,
    Folder,
    Interrupt,
    Mailbox,
    MailPage,
    News,
    OctetSource,
    RawMessage,
    Role,
)
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.rules.configuration import load
from flaggermail.services import Services, UnitOfWork
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from tests import asking
from tests.doubles import migrated
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

CONFIG = Path(__file__).parents[1] / "config"
NOW = datetime(2027, 3, 17, 9, tzinfo=UTC)
PAGE = 2
NAMES = {Role.INBOX: "INBOX", Role.SENT: "Sent", Role.JUNK: "Junk"}


def mail(number: int) -> bytes:
    """Returns a question from an unknown sender."""
    return (
        f"From: a@shop.example\r\nMessage-ID: <{number}@shop.example>\r\nSubject: V{number}\r\n\r\nWat nu?\r\n".encode()
    )


class LinkMailbox(Mailbox):
    """A mailbox as a service of changes offers it: each answer ends with the link at which to go on.

    The newest mail comes first, and the one that begins a page comes again at its end.
    """

    def __init__(self) -> None:
        self._changes: dict[str, list[str]] = {name: [] for name in NAMES.values()}
        self._mails: dict[str, bytes] = {}
        self._links: dict[str, tuple[int, list[str]]] = {}  # how many changes are told, and which of them are left
        self.expired = False

    def deliver(self, octets: bytes) -> None:
        """Adds a mail to the inbox."""
        item = f"AAMkAG{len(self._mails):0>40}="
        self._mails[item] = octets
        self._changes["INBOX"].append(item)

    def remove(self) -> None:
        """Takes the first mail out of the inbox."""
        del self._mails[self._changes["INBOX"][0]]

    def _link(self, folder: str, told: int, left: list[str]) -> str:
        link = f"https://graph.example/{folder}/delta?$token={len(self._links)}{'x' * 2000}"
        self._links[link] = told, left
        return link

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns three folders."""
        return [Folder(name, role) for role, name in NAMES.items() if only in {None, role}]

    def news(self, folder: str, position: str | None) -> News:
        """Returns whether the link still leads anywhere; how many mails came is not known."""
        del folder
        if position is None:
            return News(Continuity.FIRST, None)
        return News(Continuity.RENUMBERED if self.expired else Continuity.CONTINUED, None)

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages of changes."""
        told, left = (0, []) if position is None or self.expired else self._links[position]
        self.expired = False
        there = [item for item in self._changes[folder][told:] if item in self._mails]
        left, told = [*left, *reversed(there)], len(self._changes[folder])
        while left:
            some, left = left[:PAGE], left[PAGE:]
            yield MailPage([self._raw(folder, item) for item in (*some, some[0])], self._link(folder, told, left))
        yield MailPage((), self._link(folder, told, []))

    def _raw(self, folder: str, item: str) -> RawMessage:
        return RawMessage(self._mails[item], NOW, folder, "", item, Role.INBOX, source=OctetSource.GRAPH_MIME)

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns the ids of what is there."""
        del position
        items = [item for item in self._changes[folder] if item in self._mails]
        return None if len(items) == expected else Census("", items)

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
        """Keeps no keyword."""
        del folder, numbering, items
        return False

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Returns at once."""
        del stop, at_most

    def close(self) -> None:
        """Does nothing."""


class Lists(ListMailbox):
    """The double of lists, which gives pages and can lose a mail."""

    gone = False

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages of the same length as the others."""
        for page in super().fetch_after(folder, position):
            for first in range(0, len(page.mails), PAGE):
                some = page.mails[first : first + PAGE]
                yield MailPage(some, some[-1].cursor or "")
            yield MailPage((), page.position)

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns every item but the first of the inbox, once that is gone."""
        found = super().census(folder, position, None) or Census(self.numbering, ())
        items = found.items[1:] if self.gone and folder == "INBOX" else found.items
        return None if len(items) == expected else Census(self.numbering, items)


@dataclass
class Tried:
    """A mailbox, and what is done to it from outside."""

    box: Mailbox
    source: OctetSource
    deliver: Callable[[bytes], None]
    remove: Callable[[], None]


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Services]:
    """Builds the services with a set clock and no network."""
    clock = SetClock(NOW)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, tmp_path, clock, CountedRandomness("mailbox"), ScriptedSubmitter(clock))
    yield made
    made.close()


@pytest.fixture(params=["dovecot", "lists", "links"])
def tried(request: pytest.FixtureRequest, env: Services) -> Iterator[Tried]:
    """Returns each kind of mailbox in turn."""
    if request.param == "dovecot":
        with closing(_dovecot(request)) as box:
            yield _on_dovecot(request, box)
    elif request.param == "lists":
        lists = Lists(env.settings.desk.mailbox)
        yield Tried(
            lists,
            OctetSource.IMAP,
            lambda octets: lists.deliver("inbox", octets, NOW),
            lambda: setattr(lists, "gone", True),
        )
    else:
        links = LinkMailbox()
        yield Tried(links, OctetSource.GRAPH_MIME, links.deliver, links.remove)


def _dovecot(request: pytest.FixtureRequest) -> ImapMailbox:
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    certificates: Certificates = request.getfixturevalue("certificates")
    return ImapMailbox(
        ImapAccount(
            host="localhost", port=dovecot.imaps_port, user=request.getfixturevalue("mail_user"),
            password=lambda: dovecot.password, tls="implicit", ca_file=certificates.ca_file, timeout=PATIENCE,
            batch_messages=PAGE,
        )
    )  # fmt: skip


def _on_dovecot(request: pytest.FixtureRequest, box: ImapMailbox) -> Tried:
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    user: str = request.getfixturevalue("mail_user")

    def remove() -> None:
        with imaplib.IMAP4("localhost", dovecot.imap_port, timeout=PATIENCE) as client:
            client.login(user, dovecot.password)
            client.select()
            client.store("1", "+FLAGS", r"(\Deleted)")
            client.expunge()

    return Tried(box, OctetSource.IMAP, lambda octets: dovecot.append(user, "INBOX", octets, NOW), remove)


def subjects(env: Services) -> list[str]:
    """Returns the subject of every mail taken in."""
    found = asking.messages(env, direction=Direction.IN)
    return sorted(message.subject or "" for message in found)


def copies(env: Services) -> list[Delivery]:
    """Returns the deliveries in the order of their first sight."""
    return asking.deliveries(env)


def closes(env: Services) -> bool:
    """True if the counts of every folder close."""
    with env.store.read() as tx:
        return not verify.verify(UnitOfWork(env, tx, NOW)).findings


def cut_after(box: Mailbox, pages: int) -> AbstractContextManager[object]:
    """Loses the connection once so many pages were given."""
    whole = box.fetch_after

    def cut(folder: str, position: str | None) -> Iterator[MailPage]:
        for number, page in enumerate(whole(folder, position)):
            if number == pages:
                raise LinkLost("the server closed the connection")
            yield page

    return patch.object(box, "fetch_after", cut)


def test_each_mail_is_taken_in_once_and_the_counts_close(env: Services, tried: Tried) -> None:
    """Five mails are five messages with a delivery each, which names who gave its octets; then one more is one more."""
    for number in range(5):
        tried.deliver(mail(number))
    poll.look(env, tried.box)
    assert subjects(env) == [f"V{number}" for number in range(5)]
    assert {(copy.source, copy.role) for copy in copies(env)} == {(tried.source, Role.INBOX)}
    assert len(copies(env)) == 5
    assert closes(env)
    assert poll.look(env, tried.box) == 0
    tried.deliver(mail(5))
    poll.look(env, tried.box)
    assert len(copies(env)) == len(subjects(env)) == 6
    assert closes(env)


def test_a_look_goes_on_where_it_was_cut_between_two_pages(env: Services, tried: Tried) -> None:
    """What the first page gave is stored with its position; the next look begins there."""
    for number in range(5):
        tried.deliver(mail(number))
    with cut_after(tried.box, 1), pytest.raises(LinkLost):
        poll.look(env, tried.box)
    first = subjects(env)
    assert len(first) == PAGE
    with env.store.read() as tx:
        before = tx.cursor("INBOX")
    assert before is not None
    rest = [raw.octets for page in tried.box.fetch_after("INBOX", before.position) for raw in page.mails]
    assert {octets.split(b"Subject: ")[1][:2].decode() for octets in rest}.isdisjoint(first)
    poll.look(env, tried.box)
    assert len(copies(env)) == len(subjects(env)) == 5
    assert closes(env)


def test_mail_that_staff_take_out_is_counted_as_gone(env: Services, tried: Tried) -> None:
    """The census lists the items that are there, by the names under which they were given."""
    for number in range(3):
        tried.deliver(mail(number))
    poll.look(env, tried.box)
    tried.remove()
    poll.look(env, tried.box)
    (gone,) = [copy for copy in copies(env) if copy.gone_at is not None]
    with env.store.read() as tx:
        row = tx.get(StoredMessage, gone.message)
    assert row is not None
    assert row.subject == "V0"
    assert closes(env)


def test_a_link_that_has_expired_gives_all_mail_again_and_none_is_new(env: Services) -> None:
    """The ids are the same, so every mail is known."""
    links = LinkMailbox()
    for number in range(3):
        links.deliver(mail(number))
    poll.look(env, links)
    before = copies(env)
    links.expired = True
    poll.look(env, links)
    assert copies(env) == before
    assert closes(env)


def test_a_position_of_another_kind_of_mailbox_leads_nowhere(env: Services) -> None:
    """A desk that moves to another kind of mailbox reads it whole, and knows each mail by its content."""
    links, lists = LinkMailbox(), Lists(env.settings.desk.mailbox)
    for number in range(3):
        links.deliver(mail(number))
        lists.deliver("inbox", mail(number), NOW)
    poll.look(env, links)
    poll.look(env, lists)
    assert {copy.numbering for copy in copies(env)} == {lists.numbering}
    assert len(copies(env)) == len(subjects(env)) == 3
    assert closes(env)
