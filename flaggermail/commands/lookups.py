# SPDX-License-Identifier: EUPL-1.2
"""The look-ups and checks that commands share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches

from flaggermail.cases import elections
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.mail.subject import without_tail
from flaggermail.matching import lookup
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Election, Notification, OutboxMail, Platform, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.wording.pieces import Piece
from flaggermail.wording.refusals import Because

LONGEST_WORD = 100  # characters that are compared with known words
LONGEST_SERIAL = 9  # digits, as `mail.subject.case_numbers` reads them


def the_election(work: UnitOfWork, code: str) -> Election:
    """Returns the election with that code; else raises NotFound."""
    election = work.tx.get(Election, code)
    if election is None:
        if meant := nearest(code, [one.code for one in work.tx.find(Election)]):
            raise NotFound(Because.NEAR_ELECTION(election=code, meant=meant))
        raise NotFound(Because.NO_SUCH_ELECTION(election=code))
    return election


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """Returns the known word that a person most likely meant, whatever its capitals; None if none is near."""
    words = {word.casefold(): word for word in known}
    near = get_close_matches(typed[:LONGEST_WORD].casefold(), words, n=1)
    return words[near[0]] if near else None


def the_case(work: UnitOfWork, number: str) -> Case:
    """Returns the case with that number, typed with or without a tail, or by its last digits; else raises NotFound."""
    case = work.tx.get(Case, whole_number(work, number))
    if case is None:
        raise NotFound(Because.NO_SUCH_CASE(case=number))
    return case


def whole_number(work: UnitOfWork, typed: str) -> str:
    """Returns a case number as the record has it: without a tail, and `7` with its election where one is open.

    Raises Refusal, naming the open elections, if it is not clear which of them is meant.
    """
    serial = typed.strip()
    if not (serial.isascii() and serial.isdecimal() and len(serial) <= LONGEST_SERIAL):
        return without_tail(typed)
    codes = [election.code for election in elections.meant_by_number_alone(work)]
    if len(codes) != 1:
        listed = Piece.ELECTIONS_OPEN(codes=codes) if codes else Piece.NO_ELECTION_OPEN()
        example = _numbered(work, codes, serial)
        raise Refusal(Because.WHOLE_NUMBER(case=serial, example=example, elections=listed))
    return _numbered(work, codes, serial)


def draft_id(work: UnitOfWork, typed: str, *, waits: Callable[[Notification], bool] | None = None) -> str:
    """Returns a notification's id as the record has it: `7/2` with its election, and a case alone as its only draft's.

    `waits` are the notifications that a case alone may mean, besides drafts. An id of nobody is returned as it is.
    Raises Refusal if the case has no draft, or naming several.
    """
    if work.tx.get(Notification, typed) is not None:
        return typed
    case, slash, serial = typed.strip().partition("/")
    number = whole_number(work, case)
    if slash or work.tx.get(Case, number) is None:
        return f"{number}{slash}{serial}"
    of_case = work.tx.find(Notification, where(Notification.case).is_(number))
    found = sorted(one.id for one in of_case if one.state == NotificationState.DRAFT or (waits and waits(one)))
    if len(found) != 1:
        raise Refusal(
            Because.WHICH_DRAFT(case=number, drafts=found) if found else Because.NO_DRAFT_OF_CASE(case=number)
        )
    return found[0]


def _numbered(work: UnitOfWork, codes: Sequence[str], serial: str) -> str:
    prefix = work.env.settings.desk.organisation.case_prefix
    code = codes[0] if codes else "ELECTION"
    number = f"{prefix}-{code}-{int(serial):04d}"
    if work.tx.get(Case, number) is not None:
        return number
    before = work.tx.columns(Case, (Case.number,), where(Case.election).is_(code))  # under another prefix
    return next((one for (one,) in before if one.endswith(f"-{code}-{int(serial):04d}")), number)


def the_message(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns the message with that id, or the only one with that Message-ID; else raises NotFound."""
    message = work.tx.get(StoredMessage, key)
    if message is not None:
        return message
    found = work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(key.strip("<>")))
    if len(found) != 1:
        raise NotFound(Because.NO_SUCH_MESSAGE(message=key))
    return found[0]


def the_draft(work: UnitOfWork, key: str) -> Notification:
    """Returns the notification with that id, which must still be a draft; else raises NotFound or Refusal."""
    notification = work.tx.get(Notification, draft_id(work, key))
    if notification is None:
        raise NotFound(Because.NO_SUCH_DRAFT(draft=key))
    if notification.state != NotificationState.DRAFT:
        raise Refusal(Because.NO_DRAFT_ANY_MORE(draft=key, state=notification.state))
    return notification


def the_mail(work: UnitOfWork, key: str) -> OutboxMail:
    """Returns the outgoing mail with that id; else raises NotFound."""
    mail = work.tx.get(OutboxMail, key)
    if mail is None:
        raise NotFound(Because.NO_SUCH_MAIL(mail=key))
    return mail


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """Returns the value if it is allowed; else raises Refusal."""
    if value not in allowed:
        raise Refusal(Because.NOT_ONE_OF(name=name, given=str(value), allowed=[str(one) for one in allowed]))
    return value


def given(name: str, text: str) -> None:
    """Raises Refusal for an empty text."""
    if not text.strip():
        raise Refusal(Because.EMPTY(name=name))


def platform_of(work: UnitOfWork, message: StoredMessage) -> str | None:
    """Returns the platform in whose name a message came; None if no platform's."""
    domain = (message.from_address or "").rpartition("@")[2]
    owners = ((p.code, frozenset(p.domains)) for p in work.tx.find(Platform))
    found = next((code for code, owned in owners if in_domains(domain, owned)), None)
    return found or lookup.platform_answering(work, [message.from_address or ""])
