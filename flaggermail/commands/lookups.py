# SPDX-License-Identifier: EUPL-1.2
"""The outcome of a command, and the look-ups and checks that commands share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.tailed_numbers import without_tail
from flaggermail.record.rows import Case, Election, Notification, OutboxMail, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True)
class Outcome:
    """The new state in one line, the key of the new or changed row, and warnings to a person."""

    text: str
    key: str
    warnings: tuple[str, ...] = ()


def the_election(work: UnitOfWork, code: str) -> Election:
    """Returns the election with that code; else raises NotFound."""
    election = work.tx.get(Election, code)
    if election is None:
        raise NotFound(f"election {code}: there is no such election; `flaggermail election list` shows them")
    return election


def the_case(work: UnitOfWork, number: str) -> Case:
    """Returns the case with that number, typed with or without a tail; else raises NotFound."""
    case = work.tx.get(Case, without_tail(number))
    if case is None:
        raise NotFound(f"case {number}: there is no such case; `flaggermail case list` shows them")
    return case


def the_message(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns the message with that id, or the only one with that Message-ID; else raises NotFound."""
    message = work.tx.get(StoredMessage, key)
    if message is not None:
        return message
    found = work.tx.find(StoredMessage, message_id=key.strip("<>"))
    if len(found) != 1:
        raise NotFound(f"message {key}: there is no such message; ids look like m00000001")
    return found[0]


def the_draft(work: UnitOfWork, key: str) -> Notification:
    """Returns the notification with that id, which must still be a draft; else raises NotFound or Refusal."""
    notification = work.tx.get(Notification, key)
    if notification is None:
        raise NotFound(f"draft {key}: there is no such draft; `flaggermail notify` prints its id")
    if notification.state != NotificationState.DRAFT:
        raise Refusal(f"draft {key}: is {notification.state}; only a draft can be approved or rejected")
    return notification


def the_mail(work: UnitOfWork, key: str) -> OutboxMail:
    """Returns the outgoing mail with that id; else raises NotFound."""
    mail = work.tx.get(OutboxMail, key)
    if mail is None:
        raise NotFound(f"outbox {key}: there is no such mail; `flaggermail outbox list` shows them")
    return mail


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """Returns the value if it is allowed; else raises Refusal."""
    if value not in allowed:
        raise Refusal(f"{name}: {value!r} is not known; it must be one of {', '.join(allowed)}")
    return value


def given(name: str, text: str) -> None:
    """Raises Refusal for an empty text."""
    if not text.strip():
        raise Refusal(f"{name}: is empty; write at least a word")
