# SPDX-License-Identifier: EUPL-1.2
"""A refusal names the field of the request that it is about, and what would be right in its place."""

from __future__ import annotations

from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from flaggermail.commands import door
from flaggermail.commands.requests import read_request
from flaggermail.desk.desk import view_of
from flaggermail.desk.inspections import FIELDS
from flaggermail.desk.views import VIEWS
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.wording.refusals import CommandRefusal, ReportRefusal, ViewRefusal
from flaggermail.wording.refused_fields import fields_of
from tests.corpus import each
from tests.tools.said import sample

ABOUT_NO_FIELD = {
    CommandRefusal.PLAN_FIRST, CommandRefusal.DOSSIER_CHANGED, CommandRefusal.MARK_NOT_ASKED,
    CommandRefusal.NO_SUCH_ROW, CommandRefusal.VAULT_UNUSABLE, CommandRefusal.BY_REPLY_ONLY,
    CommandRefusal.NO_SUCH_COMMAND, CommandRefusal.NO_OFFICER_OF_DESK, CommandRefusal.LACKS_ROLE,
    CommandRefusal.NO_READER, CommandRefusal.NO_PLAYERS, CommandRefusal.EXERCISE_RUNS, CommandRefusal.NO_EXERCISE,
    CommandRefusal.NOT_OBSERVING, CommandRefusal.OBSERVES, CommandRefusal.OBSERVING, CommandRefusal.NO_VALID_MAIL,
    CommandRefusal.REQUEST_TOO_LONG, CommandRefusal.REQUEST_WITH_NUL, CommandRefusal.REQUEST_FAULTY,
    CommandRefusal.REQUEST_UNREADABLE, CommandRefusal.MAIL_LOST, ViewRefusal.FIELDS_DIFFER,
    ViewRefusal.REPLAY_HAS_NO_SERVERS, ViewRefusal.FILE_UNREADABLE, ViewRefusal.STATUS_UNREADABLE, ViewRefusal.NO_HEAD,
    ViewRefusal.NO_REQUEST, ViewRefusal.NO_SUCH_REQUEST, CommandRefusal.NO_OFFICERS_LOGIN,
    CommandRefusal.OVERVIEW_FIRST, CommandRefusal.TO_BE_FETCHED,
    CommandRefusal.NOT_TO_BE_FETCHED, CommandRefusal.MAY_NOT_READ, CommandRefusal.DAEMON_NOT_RUN,
    CommandRefusal.NOT_DIRECT, CommandRefusal.NO_NODE_LEADS, CommandRefusal.NO_NODE_READY,
    ViewRefusal.PICTURES_NOT_INSTALLED, ViewRefusal.PICTURES_NOT_CONFINED,
}  # fmt: skip
"""Who asks, the state of the desk, its machine, or the request as a whole; a faulty request names its fields itself."""
NAMES = {spec.name for name in door.COMMANDS for spec in fields(door.command_of(name))}
NAMES |= {spec.name for name in VIEWS for spec in fields(view_of(name))} | {"version"}
NAMES |= {field for named in FIELDS.values() for field in named}


@each("code", [one for one in (*CommandRefusal, *ReportRefusal, *ViewRefusal) if one not in ABOUT_NO_FIELD])
def test_a_refusal_names_a_field_that_some_request_has(code: CommandRefusal | ReportRefusal | ViewRefusal) -> None:
    """Each refusal that is not about the desk or the caller names a field, and commands or views have that field."""
    found = fields_of(sample(code, {"name": "text", "field": "text"}))
    assert found, code
    assert set(found) <= NAMES, code


@each("code", sorted(ABOUT_NO_FIELD))
def test_a_refusal_about_the_desk_names_none(code: CommandRefusal | ViewRefusal) -> None:
    """A refusal because of the caller's role or the state of the desk names no field."""
    assert Refusal(sample(code)).where == ""


WRONG: tuple[tuple[str, dict[str, Json], str, str, str], ...] = (
    ("case close", {}, "case", "", "case close: case: ontbreekt"),
    ("case close", {"case": 7}, "case", "een tekst", "case close: case: 7 klopt niet; nodig is een tekst"),
    ("case close", {"case": "1", "x": 2}, "x", "", "case close: x: is hier niet bekend"),
    ("case note", {"case": "1", "means": "phone", "text": "t", "effective_at": "now"}, "effective_at",
     "2024-06-06T10:34+02:00", "case note: effective_at: 'now' is geen tijdstip;"),
    ("case note", {"case": "1", "means": "phone", "text": "t", "effective_at": "2023-10-29T02:30"}, "effective_at",
     "2023-10-29T02:30:00+02:00 of 2023-10-29T02:30:00+01:00", "is niet één tijdstip"),
    ("archive hold", {"case": "1", "reason": "r", "until": "soon"}, "until", "2024-06-06", "'soon' is geen datum"),
    ("case decide", {"case": "1", "decision": "remove"}, "decision", "notify, decline, refer, none", "niet bekend"),
    ("annex edit", {"annex": "a", "revision": 1, "marks": [{"start": 0}]}, "marks.0.of", "", "marks.0.of: ontbreekt"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "request_", "where", "wanted", "says"), WRONG, ids=range(len(WRONG)))
def test_a_faulty_field_is_named_with_what_would_be_right(
    name: str, request_: dict[str, Json], where: str, wanted: str, says: str
) -> None:
    """What the reader of requests refuses is said by code: the field, its value and what would be right, in Dutch."""
    with pytest.raises(Refusal) as caught:
        read_request(door.command_of(name), name, request_, ZoneInfo("Europe/Amsterdam"))
    assert (caught.value.where, caught.value.wanted("nl")) == (where, wanted)
    assert says in caught.value.said.in_language("nl")
    found = caught.value.document("nl")
    assert (found["where"], found["wanted"]) == (where, wanted)
    assert found["refused"] == caught.value.said.document("nl")


def test_a_refusal_is_about_a_field_that_the_request_has() -> None:
    """A case that is not there is named by the field that the command has for it, or by none."""
    refusal = Refusal(CommandRefusal.NO_SUCH_CASE(case="VF-1"))
    assert (refusal.code, refusal.where) == ("no such case", "case")
    refusal.within({"draft", "reason"})
    assert refusal.where == "draft"
    refusal.within({"election"})
    assert refusal.where == ""
    assert Refusal(CommandRefusal.NOT_ONE_OF(name="type", given="x", allowed=["a", "b"])).document()["wanted"] == "a, b"
