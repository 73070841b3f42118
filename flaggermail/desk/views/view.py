# SPDX-License-Identifier: EUPL-1.2
"""What every view is: a frozen value with what is asked for, who may ask it, and the answer that it gives."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, ClassVar, Generic, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from flaggermail.commands.requests import STRICT
from flaggermail.desk.answers import AnswerReader, ViewAnswer, json_of
from flaggermail.documents.octets import Octets
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.ports import Bookmark
from flaggermail.record.definition import FieldCondition, in_sequence, where
from flaggermail.record.rows import Record
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import ViewRefusal

R = TypeVar("R", bound=Record)
T = TypeVar("T")
K = TypeVar("K", bound=tuple[str | int, ...])


def at_most(characters: int) -> object:
    """Bounds a text of a request, as a mark of its type."""
    return Field(max_length=characters)


POSITION: object = Field(ge=1)
"""Marks the type of a position in a list, which begins at 1."""
Document = Mapping[str, Json]
NO_CURSOR = ViewRefusal.NO_CURSOR()
LISTED, MOST_LISTED = 100, 1_000
"""The lines of a list that are answered at once: by default, and at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View(ABC):
    """Base class of every view; `MAY` holds the roles that may ask for it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    MAY: ClassVar[frozenset[str]]

    @abstractmethod
    def show(self, work: UnitOfWork) -> ViewAnswer | Document | Octets[ViewAnswer]:
        """Returns the answer, read in the one snapshot of `work`. Raises NotFound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OctetsView(View):
    """Base class of the views that answer octets of a media type, which are fetched."""

    @abstractmethod
    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the octets. All is read in the snapshot of `work`, which ends before the first part is sent.

        Raises NotFound.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView(View):
    """Base class of the lists: at most `limit` lines at once, and those after `cursor`, which the answer before gave.

    The answer has `next`: the cursor of the lines that follow, null if there are none.
    """

    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = LISTED
    cursor: str | None = None

    def cut(self, lines: Iterable[T], key: Callable[[T], tuple[str | int, ...]]) -> Cut[T]:
        """Returns the lines that are asked for, of `lines` in ascending order of `key`. Raises Refusal."""
        after = self.after()
        wanted = (line for line in lines if after is None or key(line) > _like(after, key(line)))
        found = list(islice(wanted, self.limit + 1))
        shown = found[: self.limit]
        return Cut(tuple(shown), cursor_of(key(shown[-1])) if len(found) > self.limit else None)

    def after(self) -> tuple[str | int, ...] | None:
        """Returns the key of the last line that was answered before; None at the beginning. Raises Refusal."""
        if self.cursor is None:
            return None
        try:
            found = json.loads(b64decode(self.cursor.encode("ascii"), b"-_", validate=True))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not found or not all(map(_is_of_a_key, found)):
            raise Refusal(NO_CURSOR)
        return tuple(found)

    def begins_after(self, first: K) -> K:
        """Returns the key of the last line that was answered before; `first`, which is before all, at the beginning.

        Raises Refusal for a key of another list.
        """
        after = self.after()
        return first if after is None else cast("K", _like(after, first))

    def ordered(self, work: UnitOfWork, kind: type[R], by: datetime, *conditions: FieldCondition) -> Cut[R]:
        """Returns the rows that are asked for, of those that meet the conditions; the database reads no others.

        `by`: the instant that gives their order, such as `Page.queued_at`. Raises Refusal.
        """
        field, after = where(by).name, None
        if self.cursor is not None:
            at, _, key = self.begins_after(("", 0, ""))
            after = Bookmark(instant_of(at), key)
        rows = work.tx.in_order(kind, by, self.limit + 1, after, *conditions)
        return self.cut(rows, lambda row: (stamp(getattr(row, field)), *in_sequence(row.key)))


_OF_LISTS = frozenset({"limit", "cursor"})


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """Some lines of a list, and the cursor of those that follow; None if there are none."""

    lines: tuple[T, ...]
    next: str | None


def stamp(at: datetime) -> str:
    """Returns an instant as a part of a key; texts of this form have the order of their instants."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(text: str) -> datetime:
    """Returns the instant of a cursor. Raises Refusal for what is none."""
    try:
        at = datetime.fromisoformat(text)
        if stamp(at) == text:
            return at
    except (ValueError, OverflowError):
        pass
    raise Refusal(NO_CURSOR)


def _is_of_a_key(part: object) -> bool:
    """True for what a database can compare: a number of 63 bits, or a text without control characters."""
    return part.isprintable() if type(part) is str else type(part) is int and abs(part) < 1 << 63


def _like(after: tuple[str | int, ...], key: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Returns the key of a cursor. Raises Refusal if it is that of another list."""
    if [type(part) for part in after] != [type(part) for part in key]:
        raise Refusal(NO_CURSOR)
    return after


def cursor_of(key: tuple[str | int, ...]) -> str:
    """Returns the cursor of the lines after that key."""
    return urlsafe_b64encode(json.dumps(key).encode()).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveView(View):
    """Base class of the views for officers, archivists and report writers alone, each use of which is an event.

    The desk refuses them to others, and writes the event after `show`, before it returns the answer.
    """

    UNTOLD: ClassVar[frozenset[str]] = frozenset()  # fields that the event does not hold

    def asked(self) -> dict[str, Json]:
        """Returns the fields that were given, for the event; never words of a mail's text."""
        untold, reader = self.UNTOLD | _OF_LISTS, AnswerReader(ZoneInfo("UTC"))
        named = {spec.name: json_of(getattr(self, spec.name), reader) for spec in fields(self)}
        return {name: value for name, value in named.items() if value and name not in untold}

    @property
    def goes_on(self) -> bool:
        """True for the lines of a list after a cursor: with those before them they are one reading, and one event.

        Not where the event leaves out what was asked: nobody could tell whether it was the same.
        """
        told = not any(getattr(self, name) for name in self.UNTOLD - _OF_LISTS)
        return isinstance(self, ListView) and self.cursor is not None and told

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the whole number of the only case that is read; None if it is not one. Raises NotFound."""
        del work
        return None
