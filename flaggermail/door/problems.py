# SPDX-License-Identifier: EUPL-1.2
"""Problems (RFC 9457): what the door answers when it does not do what was asked, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from flaggermail.errors import (
    ArchiveFailure,
    ConfigurationError,
    DiskFailure,
    FlaggermailError,
    LeaseHeld,
    NotFound,
    ReadingUnkept,
    Refusal,
    RowUnreadable,
    StoreAway,
    StoreBusy,
    StoreFailure,
)
from flaggermail.mail.message import Json
from flaggermail.wording.door import DoorProblem, RepeatRefusal
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

API_VERSION = "1"
PROBLEM_TYPE = "application/problem+json"
_FORBIDDEN = frozenset({
    CommandRefusal.NO_OFFICER_OF_DESK, CommandRefusal.LACKS_ROLE, CommandRefusal.NO_READER,
    CommandRefusal.BY_REPLY_ONLY, CommandRefusal.MAY_NOT_READ, CommandRefusal.NO_OFFICERS_LOGIN,
})  # fmt: skip
_CONFLICTS = frozenset({
    CommandRefusal.CHANGED_SINCE, CommandRefusal.CHANGED_SINCE_ON, CommandRefusal.VERSION_TOO_OLD,
    RepeatRefusal.OF_ANOTHER_PERSON, RepeatRefusal.OF_ANOTHER_REQUEST,
})  # fmt: skip
_BUSY_AGAIN, _AWAY_AGAIN = 2, 10  # seconds after which a client may ask again


class Problem(Exception):
    """A request that the door does not answer with what was asked for; nothing was changed."""

    def __init__(
        self, status: HTTPStatus, said: StoredText, *, where: str = "", headers: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        super().__init__(said.code)
        self.status, self.said, self.where, self.headers = status, said, where, dict(headers or {})
        self.earlier: StoredText | None = None  # who did what before, which the request contradicts

    def document(self, language: str) -> dict[str, Json]:
        """Returns the problem as RFC 9457 has it."""
        found = _document(self.status, self.said.code, self.said.in_language(language), self.where, "")
        return {**found, "refused": cast("Json", self.said.document(language))}


class RefusedByDesk(Problem):
    """A request that the desk refuses."""

    def __init__(self, status: HTTPStatus, refusal: Refusal) -> None:
        later = {"Retry-After": str(_AWAY_AGAIN)} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
        super().__init__(status, refusal.said, where=refusal.where, headers=later)
        self._refusal, self.earlier = refusal, refusal.earlier

    def document(self, language: str) -> dict[str, Json]:
        """Returns the problem with the refusal for programs: its code and details, its hint, and what came before."""
        refusal = self._refusal
        detail = refusal.said.in_language(language)
        found = _document(self.status, refusal.code, detail, refusal.where, refusal.wanted(language))
        more = refusal.document(language)
        return {**found, **{name: cast("Json", more[name]) for name in ("refused", "hint", "earlier") if name in more}}


def _document(status: HTTPStatus, code: str, detail: str, where: str, wanted: str) -> dict[str, Json]:
    return {
        "type": code.replace(" ", "-") or "about:blank", "title": status.phrase, "status": status.value,
        "detail": detail, "where": where or None, "wanted": wanted or None,
    }  # fmt: skip


def problem_of(fault: BaseException) -> Problem | None:
    """Returns the problem that an error of the desk is; None for a fault of the program."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, Refusal):
        return RefusedByDesk(_status(fault), fault)
    if isinstance(fault, TimeoutError):
        return Problem(HTTPStatus.REQUEST_TIMEOUT, DoorProblem.TOO_SLOW(), headers={"Connection": "close"})
    if isinstance(fault, StoreBusy) and not isinstance(fault, LeaseHeld):
        return unavailable(DoorProblem.RECORD_BUSY(), _BUSY_AGAIN)
    if isinstance(fault, StoreAway):
        away = DoorProblem.RECORD_AWAY(reason=str(fault))
        unkept = DoorProblem.READING_UNKEPT() if isinstance(fault, ReadingUnkept) else away
        in_doubt = fault.in_doubt and not isinstance(fault, DiskFailure)  # SQLite undoes what a full disk cut off
        return unavailable(DoorProblem.COMMAND_IN_DOUBT() if in_doubt else unkept, _AWAY_AGAIN)
    if isinstance(fault, ConfigurationError):
        return unavailable(DoorProblem.CONFIGURATION_FAULTY(reason=fault.faults[0] if fault.faults else ""), 60)
    if isinstance(fault, StoreFailure | RowUnreadable | ArchiveFailure | FlaggermailError):
        return unavailable(DoorProblem.RECORD_FAULTY(reason=str(fault)), _AWAY_AGAIN)
    return None


def unavailable(said: StoredText, seconds: int) -> Problem:
    """Returns that the desk cannot answer now, and after how many seconds it may be asked again."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, said, headers={"Retry-After": str(seconds)})


def _status(refusal: Refusal) -> HTTPStatus:
    if isinstance(refusal, NotFound):
        return HTTPStatus.NOT_FOUND
    if refusal.said.code == CommandRefusal.DAEMON_NOT_RUN:
        return HTTPStatus.SERVICE_UNAVAILABLE
    if refusal.said.code in _FORBIDDEN:
        return HTTPStatus.FORBIDDEN
    if refusal.said.code in _CONFLICTS:
        return HTTPStatus.CONFLICT
    return HTTPStatus.UNPROCESSABLE_ENTITY
