# SPDX-License-Identifier: EUPL-1.2
"""Who may approve an annex: a person without a hand in its marks, under whatever id or login they act."""

from __future__ import annotations

from flaggermail.record.rows import Annex
from flaggermail.services import UnitOfWork
from flaggermail.settings.approval_section import APPROVES
from flaggermail.settings.rota import Officer, Rota


def may_approve(work: UnitOfWork, annex: Annex) -> list[Officer]:
    """Returns the officers who may approve it, in the order of oncall.yaml; none while a hand in it is unknown."""
    rota = work.env.settings.rota
    if unknown_hands(rota, annex):
        return []
    return [one for one in rota.officers if one.roles & APPROVES and not has_shaped(rota, annex, one.id)]


def unknown_hands(rota: Rota, annex: Annex) -> list[str]:
    """Returns the ids with a hand in its marks that oncall.yaml no longer names: nothing tells who that person was."""
    return [one for one in annex.shaped_by if rota.officer(one) is None and rota.associate(one) is None]


def has_shaped(rota: Rota, annex: Annex, actor: str) -> bool:
    """True if the person who is `actor` proposed or confirmed a mark in it, perhaps under another id."""
    return any(one == actor or _marks_of(rota, one) & _marks_of(rota, actor) for one in annex.shaped_by)


def _marks_of(rota: Rota, key: str) -> set[str]:
    """Returns what tells a person apart in oncall.yaml: their name, address and login, whatever their ids are."""
    found = rota.officer(key) or rota.associate(key)
    if found is None:
        return set()
    words = {found.name, found.login or "", found.address if isinstance(found, Officer) else ""}
    return {" ".join(one.casefold().split()) for one in words} - {""}
