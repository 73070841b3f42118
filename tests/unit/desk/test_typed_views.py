# SPDX-License-Identifier: EUPL-1.2
"""Each document that a view answers fits the schema of its type, in both languages.

A view is tested from when its `show` says the type of its answer. To add one that needs a value, or has several forms,
write its requests into `ASKED`; the class of a row, such as `Case`, stands there for the key of each of some rows of
the played desk. A request that is refused is passed over, but each view must answer one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import reduce
from importlib import import_module
from operator import or_

import pytest
from jsonschema import Draft202012Validator

from flaggermail.desk.answers import SAID, Schemas, ViewAnswer
from flaggermail.desk.desk import Caller, Desk, view_of
from flaggermail.desk.views import READS, VIEWS
from flaggermail.desk.views.completion import CompletedKind
from flaggermail.desk.views.view import OctetsView
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, Device, Notification, OutboxMail, Record, StoredMessage
from flaggermail.record.states import CaseState
from flaggermail.services import Services
from tests.corpus import each
from tests.unit.cli.test_sheets import changed_rules

MOST = 6  # rows of a kind for which a view is asked
LATER = "2027-07-01T12:00:00+02:00"
Asked = Mapping[str, Json | type[Record]]
ASKED: Mapping[str, tuple[Asked, ...]] = {
    "archive find": ({"case": Case, "text": "stem*"}, {"number": "1"}, {"date": "2024-01..2028-01", "limit": 1_000}),
    "annex list": ({}, {"case": Case}),
    "archive dossier": ({"case": Case},),
    "case account": ({"case": Case},),
    "case readers": ({"case": Case},),
    "report form": ({"election": "EP2024"},),
    "case form": ({"case": Case},),
    "case form read": ({"text": "satire: true\ncriteria: [2]\n"}, {"text": "satire: 1\nother:\n"}, {"text": "["}),
    "case list": (
        {},
        *({"state": state.value} for state in CaseState),
        {"waiting": True},
        {"number": "1"},
        {"correspondent": "x.example"},
    ),
    "case events": ({"case": Case}, {"case": Case, "limit": 1}),
    "case show": ({"case": Case}, {"case": Case, "limit": 1}),
    "case text": ({"draft": Notification},),
    "complete": tuple({"what": kind.value} for kind in CompletedKind),
    "events": ({}, {"limit": 1_000}, {"case": Case}, {"kind": "case decided"}, {"since": "2027-03-18T10:34"}),
    "message list": tuple({"place": place.value, "limit": 1_000} for place in Place),
    "message sample": ({"message": StoredMessage},),
    "message show": ({"message": StoredMessage}, {"message": StoredMessage, "limit": 1}),
    "officer enrolment": ({"device": Device},),
    "oncall next": ({}, {"at": LATER}),
    "outbox list": ({}, {"everything": True, "limit": 1_000}, {"state": "uncertain"}),
    "outbox show": ({"mail": OutboxMail}, {"mail": OutboxMail, "limit": 1}),
    "quarantine list": ({}, {"old": True}),
    "referrer list": ({}, {"all": True}),
    "rules compare": ({"name": "other", "files": changed_rules()},),
    "rules test": ({"message": StoredMessage},),
}
BESIDE = frozenset({"version", "looking"})  # what the desk adds to an answer
REFUSED = frozenset({"officer enrolment", "exercise debrief"})  # each device is in use, and no story was played
OF_PAPERS = frozenset({"annex form", "annex form read", "annex show", "report changes", "report verify"})
"""Views of a desk with an annex and a frozen report, which `test_papers.py` has."""


def answer_of(name: str) -> object:
    """Returns the type of a view's answer; None if it says no more than that it is a JSON object."""
    show = view_of(name).show
    stated = str(show.__annotations__["return"]).split(" | ")
    kinds = [getattr(import_module(show.__module__), kind, None) for kind in stated]
    return (
        reduce(or_, kinds) if all(isinstance(kind, type) and issubclass(kind, ViewAnswer) for kind in kinds) else None
    )


TYPED = sorted(name for name in VIEWS if answer_of(name) is not None and name not in OF_PAPERS)


def requests(env: Services, name: str) -> Iterator[dict[str, Json]]:
    """Yields the requests in the table; for each class of rows one with each of the first keys."""
    for asked in ASKED.get(name, ({},)):
        plain = {field: value for field, value in asked.items() if not isinstance(value, type)}
        keyed = {field: value for field, value in asked.items() if isinstance(value, type)}
        yield from [plain] if not keyed else []
        for field, kind in keyed.items():
            with env.store.read() as tx:
                keys = tx.keys(kind)[:MOST]
            yield from ({**plain, field: key} for key in keys)


def answers(env: Services, name: str, language: str) -> Iterator[Mapping[str, Json]]:
    """Yields what the desk answers to each request that it does not refuse, read back from JSON."""
    head = env.settings.rota.heads[0].id
    desk = Desk(lambda: env, Caller(officer=head, language=language))
    for request in requests(env, name):
        try:
            yield json.loads(json.dumps(desk.answer(name, request)))
        except (NotFound, Refusal):
            continue


def test_the_table_names_views() -> None:
    """No line of it is left over."""
    assert set(ASKED) <= set(VIEWS)
    assert len(TYPED) > len(ASKED)


@each("name", TYPED)
@each("language", ("en", "nl"))
def test_each_answer_fits_its_schema(played: Services, name: str, language: str) -> None:
    """Every field is in the schema, and the schema has no other; nothing that a row may hold is forgotten."""
    schemas = Schemas("#/$defs/")
    schema = {**schemas.of(answer_of(name)), "$defs": schemas.held}
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    asked = 0
    for document in answers(played, name, language):
        asked += 1
        fault = next(check.iter_errors({field: held for field, held in document.items() if field not in BESIDE}), None)
        if fault is not None:
            pytest.fail(f"{name}: {fault.json_path}: {fault.message[:300]}")
    assert asked or name in REFUSED, name


@each("name", sorted(READS))
def test_a_refusal_names_a_field_of_the_view(played: Services, name: str) -> None:
    """What is not there is refused under the name that the view has for it; a form that is none, before its annex."""
    field, desk = READS[name], Desk(lambda: played, Caller(officer=played.settings.rota.heads[0].id))
    beside: Mapping[str, Mapping[str, Json]] = {
        "notify preview": {"channel": "x-urgent"}, "annex form read": {"text": ""}, "message picture": {"number": 1},
    }  # fmt: skip
    request: dict[str, Json] = {field: "VF-EP2024-9999/1", **beside.get(name, {})}
    ask = desk.fetch if issubclass(view_of(name), OctetsView) else desk.answer
    with pytest.raises(Refusal) as refused:
        ask(name, request)
    assert refused.value.where == ("text" if name == "annex form read" else field)


@each("name", TYPED)
def test_a_dutch_answer_has_no_english_sentence(played: Services, name: str) -> None:
    """What is said has the same code in each language; its words are those of the language."""
    for english, dutch in zip(answers(played, name, "en"), answers(played, name, "nl"), strict=True):
        for field in (field for field in english if field.endswith(SAID) and field in dutch):
            assert english[field] == dutch[field]
