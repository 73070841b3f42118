# SPDX-License-Identifier: EUPL-1.2
"""The dossier of one case as one file, for whoever has a browser: the same bag that `archive export` writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from flaggermail import progress
from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.dossier import DossierPlan, PlanDossier, ShowDossierPart
from flaggermail.desk.views.view import MOST_LISTED, ArchiveView, OctetsView
from flaggermail.documents.bag import BagSums, dossier_info
from flaggermail.documents.octets import Octets
from flaggermail.documents.tar import tar
from flaggermail.errors import Refusal
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import ViewRefusal

LARGEST = 256 * 1024 * 1024  # octets of a dossier that is made in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFile(ViewAnswer):
    """What the file holds; `fingerprint` is to be kept elsewhere. `lost`: mails that the archive does not give."""

    name: str
    files: int
    octets: int
    fingerprint: str
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDossier(OctetsView, ArchiveView):
    """The dossier of one case, as a bag in a tar; the request is recorded."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the file. Raises NotFound; Refusal if it is too large to be made at once."""
        number = the_case(work, self.case).number
        plans = list(_plans(work, number))
        first, planned = plans[0], [part for plan in plans for part in plan.parts]
        if first.as_of is None or first.last_event is None:
            raise ValueError("the first part of a plan has no instant")
        bag, held, lost = BagSums(), list[tuple[str, bytes]](), 0
        for part in progress.counted(planned, len(planned)):
            made = ShowDossierPart(
                case=number, as_of=first.as_of, last_event=first.last_event, part=part.part, of=part.of,
                number=part.number, after=part.after,
            ).files(work)  # fmt: skip
            held += ((f"{number}/{bag.add(path, octets)}", octets) for path, octets in made.held)
            lost += len(made.lost)
            if bag.octets > LARGEST:
                raise Refusal(ViewRefusal.DOSSIER_TOO_LARGE(name=number, most=LARGEST // 1024**2))
        day = first.as_of.astimezone(work.env.settings.zone).date().isoformat()
        tags, fingerprint = bag.tags(dossier_info(number, first.organisation, day, first.cases))
        held += ((f"{number}/{name}", octets) for name, octets in tags.items())
        facts = DossierFile(name=number, files=bag.files, octets=bag.octets, fingerprint=fingerprint, lost=lost)
        return tar(f"dossier-{number}.tar", held, facts)

    def about(self, work: UnitOfWork) -> str:
        """Returns the number of the case. Raises NotFound."""
        return the_case(work, self.case).number


def _plans(work: UnitOfWork, case: str) -> Iterator[DossierPlan]:
    plan = PlanDossier(case=case, limit=MOST_LISTED).show(work)
    yield plan
    while plan.next is not None:
        plan = PlanDossier(case=case, limit=MOST_LISTED, cursor=plan.next).show(work)
        yield plan
