# SPDX-License-Identifier: EUPL-1.2
"""What the configuration says of keeping records: the retention classes, and the custody in metadata."""

from __future__ import annotations

from flaggermail.archive.mdto import Concept, Custody, Target
from flaggermail.archive.retention import KeepingClass, Schedule
from flaggermail.settings.model import Settings
from flaggermail.settings.retention_section import RetentionTerm


def schedule_of(settings: Settings) -> Schedule:
    """Returns the classes of the configuration, by which everything is kept: list, declaration and metadata."""
    section = settings.desk.retention
    classes = [(entry, _keeping(entry)) for entry in section.classes]
    return Schedule(
        default=_keeping(section.default),
        kinds={kind: of for entry, of in classes for kind in entry.kinds},
        cases={case: of for entry, of in classes for case in entry.cases},
        review_window=section.window,
    )


def _keeping(entry: RetentionTerm) -> KeepingClass:
    return KeepingClass(entry.code, entry.term, entry.start, entry.appraisal, entry.basis)


def custody_of(settings: Settings) -> Custody:
    """Returns what the configuration says of the custody of records."""
    asked, creator = settings.desk.dossier, settings.desk.dossier.creator
    return Custody(
        creator=Target(settings.desk.organisation.name.nl)
        if creator is None
        else Target(creator.name, creator.code, creator.origin),
        restriction=Concept(asked.restriction.label, asked.restriction.origin, asked.restriction.code),
        activity=asked.activity,
    )
