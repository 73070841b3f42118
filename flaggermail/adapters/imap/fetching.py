# SPDX-License-Identifier: EUPL-1.2
"""Fetches mails in batches, and one by one where a batch failed twice: one that cannot be fetched costs itself alone.

Some servers end the session at a mail whose file they cannot read, some answer NO or NIL, some never end the answer.
"""

from __future__ import annotations

import imaplib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timezone

from imapclient import IMAPClient

from flaggermail.adapters.imap.link import expecting, pause_asked, token_ended
from flaggermail.adapters.system.clock import SystemClock
from flaggermail.errors import LinkLost, LoginRefused, PauseAsked
from flaggermail.ports import Continuity, OctetSource, RawMessage, Role

DATED, _SIZE = "INTERNALDATE", "RFC822.SIZE"
_BEGINNING = (DATED, "BODY.PEEK[]<0.1000000>")  # of a single mail, with its size: most are whole in one answer
_NOT_READ = "not a date"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An aware instant; `written` is the server's text if no calendar holds it, and `at` then when we saw the mail."""

    at: datetime
    written: str = ""


def arrival_in(items: Mapping[bytes, object]) -> Arrival:
    """Returns the arrival in a FETCH response."""
    found = items.get(DATED.encode())
    if not isinstance(found, datetime):
        return _unreadable(_NOT_READ)
    try:
        offset = found.utcoffset()
        at = found.replace(tzinfo=timezone(offset)) if offset is not None else None
        if at is not None and at.astimezone(UTC):
            return Arrival(at)
    except (ValueError, OverflowError):  # a zone beyond a day, or an instant beyond the calendar
        pass
    return _unreadable(f"{found.replace(tzinfo=None)} {found.tzname() or ''}".rstrip())


def _unreadable(written: str) -> Arrival:
    return Arrival(SystemClock().now(), written)


_STORED = re.compile(r"([0-9]{1,10})/([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Position:
    """UIDVALIDITY of a folder, and a UID in it."""

    uidvalidity: int
    uid: int

    def __str__(self) -> str:
        """Returns the text that is stored."""
        return f"{self.uidvalidity}/{self.uid}"


def read(stored: str) -> Position | None:
    """Returns the position behind a stored text; None if another kind of mailbox wrote it."""
    found = _STORED.fullmatch(stored)
    return Position(int(found[1]), int(found[2])) if found else None


def continuity(stored: str | None, here: Position) -> Continuity:
    """Returns what a folder whose end is `here` says of a stored position."""
    if stored is None:
        return Continuity.FIRST
    found = read(stored)
    same = found is not None and found.uidvalidity == here.uidvalidity
    return Continuity.CONTINUED if same else Continuity.RENUMBERED


def since(stored: str | None, here: Position) -> int:
    """Returns the UID above which a folder is read on; 0 if its UIDs are not those of the stored position."""
    found = read(stored) if stored is not None else None
    return found.uid if found is not None and found.uidvalidity == here.uidvalidity else 0


_TRIES = 2  # of a batch, until its mails are fetched one by one
_GIVEN_UP = 5  # mails of one batch, each of which may take as long as an answer may: then other folders are due
_NEAR = 1000  # UIDs below a batch among which others are looked for


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder under one numbering; `open` gives the connection with it selected, and raises LinkLost."""

    folder: str
    role: Role
    uidvalidity: int
    open: Callable[[], AbstractContextManager[IMAPClient]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The mails of a batch up to the UID `last`, and the UIDs of those that the server lists and does not give."""

    mails: Sequence[RawMessage]
    last: int
    lacking: Sequence[int] = ()


@dataclass(slots=True)
class Fetching:
    """Fetches batches of at most so many mails and octets; a larger mail is a batch of its own."""

    batch_messages: int
    batch_octets: int
    _failures: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # by folder, numbering and first UID

    def batches(self, place: FolderPlace, uids: Sequence[int]) -> Iterator[Fetched]:
        """Yields batches, without what is expunged. Raises LinkLost, at first for a mail that is not given too."""
        rest = list(uids)
        while some := rest[: self.batch_messages]:
            key = place.folder, place.uidvalidity, some[0]
            if self._failures[key] >= _TRIES:
                fetched = one_by_one(place, some)
                yield fetched
                rest = [uid for uid in rest if uid > fetched.last]
                if fetched.lacking:  # fetched singly again, should they be read once more
                    continue
            else:
                try:
                    yield from self._together(place, some)
                except LinkLost:
                    self._failures[key] += 1
                    raise
                rest = rest[len(some) :]
            del self._failures[key]

    def _together(self, place: FolderPlace, uids: Sequence[int]) -> Iterator[Fetched]:
        with place.open() as client:
            told = _fetch(client, uids, _SIZE, *(_BEGINNING if len(uids) == 1 else ()))
        whole = _whole(place, uids[0], told.get(uids[0], {}))
        if whole is not None:
            yield Fetched([whole], uids[0])
            return
        sizes = _sizes(told)
        for batch in _bounded(uids, sizes, self.batch_octets):
            with place.open() as client, expecting(client, sum(sizes.get(uid, 0) for uid in batch)):
                mails, lacking = _messages(client, place, batch)
                if lacking:
                    raise LinkLost(
                        f"{place.folder}: the server lists the message with UID {lacking[0]} and does not give it"
                    )
            yield Fetched(mails, batch[-1])


def one_by_one(place: FolderPlace, uids: Sequence[int]) -> Fetched:
    """Fetches mails alone, until some are given up. Raises LinkLost if the server gives others neither."""
    mails, lacking = list[RawMessage](), list[int]()
    for uid in uids:
        with place.open():  # a server that cannot be reached is not the mail's fault
            pass
        found, refused = _alone(place, uid)
        mails += found
        if refused and not mails and not lacking and not _gives_others(place, uids[0]):
            raise LinkLost(f"{place.folder}: the server gives neither the message with UID {uid} nor others")
        lacking += refused
        if len(lacking) == _GIVEN_UP:
            return Fetched(mails, uid, lacking)
    return Fetched(mails, uids[-1], lacking)


def _alone(place: FolderPlace, uid: int) -> tuple[Sequence[RawMessage], Sequence[int]]:
    try:
        with place.open() as client, expecting(client, _sizes(_fetch(client, [uid], _SIZE)).get(uid, 0)):
            return _messages(client, place, [uid])
    except (LoginRefused, PauseAsked):
        raise
    except LinkLost:
        return (), [uid]


def _gives_others(place: FolderPlace, first: int) -> bool:
    """True if the server gives an octet of one of the mails below a UID, of which some may be as bad; or has none."""
    with place.open() as client:
        below = search(client, f"UID {max(1, first - _NEAR)}:{first - 1}") if first > 1 else []
    below = [uid for uid in below if uid < first]
    return not below or any(_gives(place, uid) for uid in {below[-1], below[len(below) // 2], below[0]})


def _gives(place: FolderPlace, uid: int) -> bool:
    try:
        with place.open() as client:
            answer = _fetch(client, [uid], "BODY.PEEK[]<0.1>")
    except (LoginRefused, PauseAsked):
        raise
    except LinkLost:
        return False
    return any(isinstance(value, bytes) and value for value in answer.get(uid, {}).values())


def search(client: IMAPClient, criteria: str) -> list[int]:
    """Returns the UIDs that match, in order."""
    return sorted({int(uid) for uid in client.search(criteria)})


def _fetch(client: IMAPClient, uids: Sequence[int], *items: str) -> Mapping[int, Mapping[bytes, object]]:
    """Fetches items of messages. The server may omit messages and may add items that were not requested."""
    try:
        answer: Mapping[int, Mapping[bytes, object]] = client.fetch(uids, items)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if is_connection_loss(error):
            raise
        # NO or BAD: one of the messages is expunged (RFC 5530, EXPUNGEISSUED) or unreadable; the others still work.
        return {}
    except OverflowError:  # in imapclient: an INTERNALDATE of one of them is beyond all numbers; it is read without
        return {} if len(uids) > 1 else _fetch(client, uids, *(item for item in items if item != DATED))
    return answer


def _sizes(told: Mapping[int, Mapping[bytes, object]]) -> dict[int, int]:
    """Returns message sizes in octets; messages for which the server reports none are missing."""
    sizes = {uid: items.get(_SIZE.encode()) for uid, items in told.items()}
    return {uid: size for uid, size in sizes.items() if isinstance(size, int)}


def _whole(place: FolderPlace, uid: int, items: Mapping[bytes, object]) -> RawMessage | None:
    """Returns a mail of which the beginning is all; None for another. Exchange's size is an estimate: none, then."""
    octets = items.get(b"BODY[]<0>")
    is_all = isinstance(octets, bytes) and len(octets) == items.get(_SIZE.encode())
    return _raw(place, uid, {**items, b"BODY[]": octets}) if is_all else None


def _bounded(uids: Sequence[int], sizes: Mapping[int, int], most: int) -> Iterator[list[int]]:
    """Splits `uids` into batches of at most `most` octets; a larger message is a batch of its own."""
    part: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid, most)
        if part and total + size > most:
            yield part
            part, total = [], 0
        part.append(uid)
        total += size
    if part:
        yield part


def is_connection_loss(error: imaplib.IMAP4.error) -> bool:
    """True if the connection is lost, its token has ended, or a pause is asked for.

    Another NO or a read-only folder does not end it.
    """
    asked = pause_asked(error) is not None
    return (
        asked
        or token_ended(error)
        or (isinstance(error, imaplib.IMAP4.abort) and not isinstance(error, imaplib.IMAP4.readonly))
    )


def _messages(
    client: IMAPClient, place: FolderPlace, uids: Sequence[int]
) -> tuple[Sequence[RawMessage], Sequence[int]]:
    """Returns the messages, except expunged ones, and the UIDs that are listed and not given."""

    def fetched(wanted: Sequence[int]) -> dict[int, RawMessage]:
        answer = _fetch(client, wanted, DATED, "BODY.PEEK[]")
        raw = (_raw(place, uid, answer.get(uid, {})) for uid in wanted)
        return {int(message.item): message for message in raw if message is not None}

    found, lacking = fetched(uids), list[int]()
    for uid in _still_listed(client, [uid for uid in uids if uid not in found]):
        found |= fetched([uid])
        if uid not in found:
            lacking.append(uid)
            break
    return [found[uid] for uid in uids if uid in found], lacking


def _still_listed(client: IMAPClient, uids: Sequence[int]) -> list[int]:
    if not uids:
        return []
    client.noop()  # lets the server report expunged messages
    return [uid for uid in search(client, f"UID {','.join(map(str, uids))}") if uid in uids]


def _raw(place: FolderPlace, uid: int, items: Mapping[bytes, object]) -> RawMessage | None:
    octets, arrived = items.get(b"BODY[]"), arrival_in(items)
    if not isinstance(octets, bytes):
        return None
    return RawMessage(
        octets, arrived.at, place.folder, str(place.uidvalidity), str(uid), role=place.role, source=OctetSource.IMAP,
        cursor=str(Position(place.uidvalidity, uid)), written=arrived.written,
    )  # fmt: skip
