# SPDX-License-Identifier: EUPL-1.2
"""What can be asked at the door: the views, the commands and some inspections, by their names in an address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flaggermail.commands.door import COMMANDS
from flaggermail.desk.desk import view_of
from flaggermail.desk.inspections import FIELDS
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.view import OctetsView

INSPECTED = ("audit head", "audit verify", "status")
"""Inspections that need the desk and not the person's own files; the others are done where those lie."""
LISTS = frozenset({"since"})  # fields of an inspection with several values
APART = frozenset({
    "annex propose", "archive dossier", "archive dossier file", "archive dossier part", "archive find",
    "archive retention", "archive retention lines", "archive verify", "audit verify", "report document", "report draft",
    "report freeze", "report verify", "rules compare",
})  # fmt: skip
"""Views and commands that read much of the record or archive, for seconds or minutes: each in a process of its own."""
HEAVY = APART | {"annex files"}
"""Of these few are done at once, and each says how far it is. An annex is one exchange, whose mails the parser's
process reads. It shows a case, and who looks at one is known to the door alone, which makes its files itself."""


def _addresses(names: Mapping[str, object] | tuple[str, ...]) -> dict[str, str]:
    return {name.replace(" ", "-"): name for name in names}


COMMAND_AT: Mapping[str, str] = _addresses(tuple(COMMANDS))
VIEW_AT: Mapping[str, str] = _addresses((*VIEWS, *INSPECTED))


def class_of(view: str) -> type | None:
    """Returns the class of a view; None for an inspection, which has none."""
    return view_of(view) if view in VIEWS else None


def fields_of_inspection(name: str) -> tuple[str, ...]:
    """Returns the fields that an inspection needs, all of them."""
    return FIELDS.get(name, ())


@cache
def is_fetched(view: str) -> bool:
    """True for a view that answers octets of a media type."""
    kind = class_of(view)
    return kind is not None and issubclass(kind, OctetsView)
