# SPDX-License-Identifier: EUPL-1.2
"""Asks a desk through its door: HTTP and JSON on a Unix socket.

A command needs no configuration, no database and none of their packages here.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from flaggermail import progress
from flaggermail.desk.views import VIEWS
from flaggermail.errors import ConfigurationError, DoorFailure, FlaggermailError, NotFound, Refusal
from flaggermail.sockets import UnixConnection, connected
from flaggermail.wording.said import StoredText, every

if TYPE_CHECKING:
    from flaggermail.documents.octets import Octets
    from flaggermail.mail.message import Json

SHOWN_BY_DOOR = frozenset({"audit head", "audit verify"})
"""Inspections that show the record, which the door answers as views."""
API_VERSION = "1"
AGAIN_WITHIN, FIRST_PAUSE, LONGEST_PAUSE = 20.0, 0.1, 1.0
"""Seconds for a door that ended to be there again, which its unit starts after five, and until the first repeat; each
further pause is twice as long, at most a second."""
SILENT_FOR = 60.0
"""Seconds without an octet after which a door counts as one that hangs: while a large task is done, it says so every
five."""
_BLOCK = 64 * 1024
_SHARE = re.compile(r"[01]\.[0-9]{1,9}")
_FAULTY_FILE, _IN_DOUBT = "file faulty", "command in doubt"
_FROM_REPLICA = "the primary of the database cannot be reached: this comes from its replica and may be older\n"
_SAME_VERSIONS = "install the same version for both"


class DoorClient:
    """Asks the door that listens at `path`. Nothing in a request says who asks: the kernel does.

    `silent_for` and `again_within`: see `SILENT_FOR` and `AGAIN_WITHIN`.
    """

    def __init__(self, path: Path, silent_for: float = SILENT_FOR, again_within: float = AGAIN_WITHIN) -> None:
        self._path, self._silent_for, self._again_within = path, silent_for, again_within

    def answer(self, name: str, request: Mapping[str, Json]) -> Mapping[str, Json]:
        """Returns the document that answers a request. Raises Refusal, ConfigurationError, DoorFailure."""
        _, octets = self._asked(name, request)
        try:
            return _object(octets)
        except ValueError as fault:
            raise DoorFailure(f"{self._path}: answers no JSON object; {_SAME_VERSIONS}") from fault

    def fetch(self, name: str, request: Mapping[str, Json]) -> Octets[Mapping[str, Json]]:
        """Returns the file that answers a request; its octets are read as they come. Raises as `answer` does."""
        from flaggermail.documents.octets import MediaType, Octets

        answer, _ = self._asked(name, request, streamed=True)
        length, named = answer.getheader("Content-Length"), answer.getheader("Content-Disposition", "")
        try:
            kind = MediaType(answer.getheader("Content-Type", ""))
            return Octets(
                media_type=kind, name=unquote(named.rpartition("''")[2]), size=None if length is None else int(length),
                parts=self._parts(answer), facts=_object(answer.getheader("Facts", "").encode()),
            )  # fmt: skip
        except ValueError as fault:
            answer.close()
            raise DoorFailure(f"{self._path}: answers a file that cannot be read; {_SAME_VERSIONS}") from fault

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""

    def _asked(
        self, name: str, request: Mapping[str, Json], *, streamed: bool = False
    ) -> tuple[http.client.HTTPResponse, bytes]:  # fmt: skip
        """Returns the answer to a request, and its octets unless they are to be read as they come.

        A request that the door did not answer, since it ended or hangs, is sent again, a command with its key, so that
        it is done once; so is a command of which the door does not know whether it was done. Raises what it answers.
        """
        shown = _is_shown(name)
        head = {
            "Content-Type": "application/json", "Accept-Language": "en", "Connection": "close", "Prefer": "progress",
        }  # fmt: skip
        if not shown:
            head["Idempotency-Key"] = os.urandom(16).hex()
        sent = _Request(
            f"/v1/{'views' if shown else 'commands'}/{name.replace(' ', '-')}", json.dumps(dict(request)).encode(), head
        )
        try:
            answer, octets = sent.by(connected(self._path, self._silent_for), streamed=streamed)
            if _is_in_doubt(answer, octets):
                answer, octets = self._sent_again(sent, name, streamed=streamed)
        except (OSError, http.client.HTTPException):
            answer, octets = self._sent_again(sent, name, streamed=streamed)
        found = answer.getheader("API-Version", "")
        if found != API_VERSION:
            answer.close()
            raise DoorFailure(
                f"{self._path}: the door speaks version {found[:20]!a} of its language and this command version "
                f"{API_VERSION!a}; {_SAME_VERSIONS}"
            )
        if answer.status != HTTPStatus.OK:
            raise _fault_of(answer, octets)
        if answer.getheader("Record"):
            sys.stderr.write(_FROM_REPLICA)
        return answer, octets

    def _sent_again(
        self, sent: _Request, name: str, *, streamed: bool
    ) -> tuple[http.client.HTTPResponse, bytes]:  # fmt: skip
        """Returns what the door answers that took the place of one that ended.

        One that is ending may take a connection and close it; one whose database is away knows nothing of a command
        that was sent before. Raises DoorFailure if no door answers in time.
        """
        until, pause = time.monotonic() + self._again_within, FIRST_PAUSE
        while True:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                left = max(1.0, until - time.monotonic())
                answer, octets = sent.by(connected(self._path, left), streamed=streamed)
            except (OSError, http.client.HTTPException, DoorFailure) as fault:
                if time.monotonic() + pause > until:
                    raise self._unknown(name, hangs=isinstance(fault, TimeoutError)) from fault
                continue
            if _is_shown(name) or answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer, octets
            if time.monotonic() + pause > until:
                raise self._unknown(name, hangs=False, because=str(_fault_of(answer, octets)))

    def _unknown(self, name: str, *, hangs: bool, because: str = "") -> DoorFailure:
        if _is_shown(name):
            found = "hangs and gave no answer" if hangs else "gave no whole answer"
            return DoorFailure(f"{self._path}: the door {found}; ask again once it runs")
        found = because or ("the door hangs" if hangs else "the door ended before it answered")
        return DoorFailure(
            f"{self._path}: {found}, and whether `{name}` was done is not known; once it "
            "runs, see `flaggermail events` before you type the command again"
        )

    def _parts(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """Yields the octets as they come. Raises DoorFailure unless all of them did."""
        with closing(answer):
            try:
                while part := answer.read(_BLOCK):
                    yield part
            except (OSError, http.client.HTTPException) as fault:
                raise DoorFailure(f"{self._path}: the door ended before the file did; ask again") from fault
            if answer.length:  # octets that Content-Length promised: http.client counts them down
                raise DoorFailure(f"{self._path}: the door ended before the file did; ask again")


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, as it is sent as often as it must."""

    address: str
    body: bytes
    head: Mapping[str, str]

    def by(self, line: UnixConnection, *, streamed: bool) -> tuple[http.client.HTTPResponse, bytes]:
        """Returns the answer, with its octets unless it is one to be read as it comes.

        Raises OSError, HTTPException if the connection broke. A door may answer and close before it has read all of a
        request: then its answer counts.
        """
        with closing(line):  # the answer keeps the socket open until it is closed itself
            with suppress(BrokenPipeError):
                line.request("POST", self.address, self.body, dict(self.head))
            answer = _FinalAnswer(line.sock, method="POST")
            try:
                answer.begin()
                _require_whole(answer)
                if streamed and answer.status == HTTPStatus.OK:
                    return answer, b""
                octets = answer.read()
            except BaseException:
                answer.close()
                raise
        answer.close()
        return answer, octets


class _FinalAnswer(http.client.HTTPResponse):
    """The answer that follows interim ones (RFC 9110, 15.2), which tell how far it is."""

    def begin(self) -> None:
        """Reads status and headers. Raises OSError, HTTPException."""
        super().begin()
        while self.status < HTTPStatus.OK:  # the class above passes over 100 alone
            found = self.getheader("Progress", "")
            if _SHARE.fullmatch(found):
                progress.told(float(found))
            self.headers = self.msg = None  # type: ignore[assignment] # as before the first; else nothing is read
            super().begin()


def _require_whole(answer: http.client.HTTPResponse) -> None:
    """Raises IncompleteRead for a head that was cut, of which http.client takes what there is."""
    if answer.getheader("API-Version") is None or (answer.length is None and not answer.chunked):
        raise http.client.IncompleteRead(b"")


def _is_in_doubt(answer: http.client.HTTPResponse, octets: bytes) -> bool:
    """True if the door does not know whether a command was done."""
    if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
        return False
    try:
        said = _said(_object(octets).get("refused"))
    except ValueError:
        return False
    return said is not None and said.code == _IN_DOUBT


def _is_shown(name: str) -> bool:
    """True for a view, and for an inspection that the door answers as one."""
    return name in VIEWS or name in SHOWN_BY_DOOR


def _object(octets: bytes) -> Mapping[str, Json]:
    """Returns a JSON object. Raises ValueError for what is none."""
    found = json.loads(octets)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of the door, which sent it, and of no caller here
    return found


def _fault_of(answer: http.client.HTTPResponse, octets: bytes) -> FlaggermailError:
    """Returns what a problem (RFC 9457) of the door means: what the desk in this process would raise."""
    try:
        problem = _object(octets)
    except ValueError:
        problem = {}
    said = _said(problem.get("refused"))
    if said is None:
        return DoorFailure(str(problem.get("detail") or f"the door answers {answer.status} {answer.reason}"))
    faults = said.detail("faults")
    if said.code == _FAULTY_FILE and isinstance(faults, list):
        return ConfigurationError(*map(str, faults))
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "hint" not in problem:
        return DoorFailure(said.english)
    kind = NotFound if answer.status == HTTPStatus.NOT_FOUND else Refusal
    where = str(problem.get("where") or "")
    if said.code not in every():  # of a door that is newer than this command
        hint = _said(problem.get("hint"))
        return kind("; ".join(str(text) for text in (problem.get("detail"), hint and _text(problem, "hint")) if text))
    found = kind(said, where=where, earlier=_said(problem.get("earlier")))
    if not where:
        found.within(())
    return found


def _said(document: Json) -> StoredText | None:
    """Returns the sentence of a document with its code and details; None if there is none."""
    if not isinstance(document, dict) or not isinstance(document.get("details"), dict):
        return None
    details = document["details"]
    return StoredText(
        json.dumps({"code": document.get("code", ""), **details}, ensure_ascii=False, separators=(",", ":"))
    )


def _text(problem: Mapping[str, Json], name: str) -> str:
    found = problem.get(name)
    return str(found.get("text", "")) if isinstance(found, dict) else ""
