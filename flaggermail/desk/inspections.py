# SPDX-License-Identifier: EUPL-1.2
"""Inspections: requests answered without opening the desk, which may be down, damaged or not configured.

An inspection gets the ground on which the desk is built, not a unit of work, and its module is imported on use:
`status` must not wait for a database.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from flaggermail.errors import Refusal
from flaggermail.wording.acts import ActPart, in_a_row
from flaggermail.wording.refusals import ViewRefusal

if TYPE_CHECKING:
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.mail.message import Json

INSPECTIONS: dict[str, str] = {  # name of the request -> module and function
    "audit head": "flaggermail.desk.audit:show_head",
    "audit verify": "flaggermail.desk.audit:verify",
    "check": "flaggermail.desk.check:check",
    "check online": "flaggermail.desk.online:check_online",
    "db upgrade": "flaggermail.desk.check:upgrade",
    "parse": "flaggermail.desk.online:parse",
    "rules check": "flaggermail.desk.rule_files:check_rules",
    "rules schema": "flaggermail.desk.rule_files:show_schema",
    "status": "flaggermail.desk.status:show",
    "threads": "flaggermail.desk.online:group",
    "threads read": "flaggermail.desk.online:read_for_threads",
}
FOR_EVERYBODY = frozenset({"audit head", "audit verify"})
"""Inspections that show keys of the record: the desk answers them to the persons of oncall.yaml alone.

Without a desk in between they are answered to whoever can read the database itself.
"""
FIELDS = {  # what a request may hold; all of it is required
    "audit verify": ("since",),
    "check online": ("language", "pages"),
    "parse": ("mails",),
    "rules schema": ("name",),
    "threads": ("messages",),
    "threads read": ("mails",),
}


def inspect(ground: DeskFiles, name: str, request: Mapping[str, Json]) -> Mapping[str, Json]:
    """Returns the document of an inspection. Raises Refusal, ConfigurationError."""
    fields = FIELDS.get(name, ())
    if set(request) != set(fields):
        wanted = in_a_row(fields, ActPart.AND) if fields else ActPart.NOTHING()
        given = [str(one) for one in request] or ActPart.NOTHING()
        raise Refusal(ViewRefusal.FIELDS_DIFFER(name=name, wanted=wanted, given=given))
    module, _, function = INSPECTIONS[name].partition(":")
    found: Callable[[DeskFiles, Mapping[str, Json]], Mapping[str, Json]] = getattr(import_module(module), function)
    return found(ground, request)


def texts(request: Mapping[str, Json], name: str) -> list[str]:
    """Returns the list of texts called `name`. Raises Refusal if it is something else."""
    found = request[name]
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise Refusal(ViewRefusal.NO_LIST_OF_TEXTS(field=name))
    return [str(text) for text in found]


def octets(text: str) -> bytes:
    """Returns what is written in Base64 (RFC 4648, section 4). Raises Refusal."""
    try:
        return b64decode(text, validate=True)
    except ValueError as fault:
        raise Refusal(ViewRefusal.NO_BASE64()) from fault
