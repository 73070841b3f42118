# SPDX-License-Identifier: EUPL-1.2
"""The archive: whether it is whole, and what is found in it. For officers and archivists; each reading is an event."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flaggermail.archive.counts import FolderCount
from flaggermail.archive.verify import verify
from flaggermail.mail.message_json import Json
from flaggermail.services import UnitOfWork
from flaggermail.views.view import ArchiveView, Document, json_of

LISTED = 100  # findings and extra files in the document; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArchive(ArchiveView):
    """Missing, extra and changed files of the archive, and the counts of every folder by month."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"mailbox", "files", "closes", "findings", "further", "extra", "counts", "excluded_folders", ...}.

        `closes` is true if there is no finding. A line of `counts` with `period` null is of the whole folder.
        """
        found, mailbox = verify(work), work.env.settings.desk.mailbox
        return {
            "mailbox": mailbox.address,
            "files": found.files,
            "closes": not found.findings,
            "findings": [
                {"kind": one.flaw.value, "name": one.name, "text": one.text, "remedy": one.remedy}
                for one in found.findings[:LISTED]
            ],
            "further": max(0, len(found.findings) - LISTED),
            "extra": list(found.extra[:LISTED]),
            "extra_further": max(0, len(found.extra) - LISTED),
            "counts": [_line(line, work.env.settings.zone) for line in found.counts],
            "excluded_folders": sorted(mailbox.excluded_folders),
        }


def _line(line: FolderCount, zone: ZoneInfo) -> dict[str, Json]:
    return {
        "folder": line.folder,
        "period": line.period,
        "server": line.server,
        "archived": line.archived,
        "excluded": {reason.value: count for reason, count in line.excluded.items()},
        "gone": line.gone,
        "difference": line.difference,
        "looked_at": json_of(line.looked_at, zone),
    }
