# SPDX-License-Identifier: EUPL-1.2
"""How the desk works, as the daemon's last status says: facts of `status.json`, which pages put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flaggermail.health.status_document import OF_MAILBOX, OF_SUBMISSION, StatusCode, instant
from flaggermail.mail.message import Json

_KNOWN = frozenset(StatusCode)


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """Something wrong; `since` is ISO 8601 in the desk's zone, empty if it is not known; `detail` is English."""

    code: str
    since: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeskHealth:
    """What is wrong, and of mailbox, submission server and pagers what a page shows; instants as in `SeenFinding`."""

    findings: tuple[SeenFinding, ...] = ()
    read_at: str = ""  # when the inbox was last read to its end, to the minute
    undelivered: int = 0  # pages of the last day that reached nobody
    undelivered_since: str = ""

    @property
    def of_mailbox(self) -> SeenFinding | None:
        """The first finding about the mailbox."""
        return next((one for one in self.findings if one.code in OF_MAILBOX), None)

    @property
    def of_submission(self) -> SeenFinding | None:
        """The first finding about the submission server, or mail of ours that waits for it."""
        return next((one for one in self.findings if one.code in OF_SUBMISSION), None)


def health_of(status: Mapping[str, Json]) -> DeskHealth:
    """Returns the facts of a status document; what is missing or malformed is left out."""
    pages, read_at = _part(status, "pages"), instant(_part(status, "mailbox").get("last_read_at"))
    return DeskHealth(
        tuple(_findings(status.get("findings"))),
        read_at.replace(second=0, microsecond=0).isoformat() if read_at else "",
        sum(count for count in pages.values() if isinstance(count, int)),
        _instant(status.get("pages_oldest_at")),
    )


def _findings(found: Json) -> Iterator[SeenFinding]:
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            code, detail = str(one.get("code")), str(one.get("detail") or "")
            known = code in _KNOWN  # a daemon of another version may find more
            yield SeenFinding(
                code if known else StatusCode.PROBE, _instant(one.get("since")), detail if known else f"{code} {detail}"
            )


def _part(status: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = status.get(name)
    return found if isinstance(found, dict) else {}


def _instant(value: Json) -> str:
    at = instant(value)
    return at.isoformat() if at else ""
