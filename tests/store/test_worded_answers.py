# SPDX-License-Identifier: EUPL-1.2
"""A command answers facts: state and warnings as code and details, with words in the caller's language beside them."""

from __future__ import annotations

import pytest

from flaggermail.commands.outcome import ActAnswer
from flaggermail.desk.answers import Schemas
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from tests.store.desk_fixtures import Desk
from tests.tools.dutch import english_in

CASE = "VF-EP2024-0001"


def ask(desk: Desk, language: str, name: str, /, **request: Json) -> dict[str, Json]:
    """Asks the desk as officer1, who reads that language."""
    return dict(Door(lambda: desk.env, Caller(officer="officer1", language=language)).answer(name, request))


def test_state_and_warnings_are_facts_with_words(desk: Desk) -> None:
    """The words are Dutch for who reads Dutch, the code and the details are the same for everybody."""
    desk.decided()
    answer = ask(desk, "nl", "case decide", case="1", decision="notify", reason="r")
    assert answer["state"] == f"zaak {CASE}: het besluit is vastgelegd (melden aan een platform)"
    assert answer["state_said"] == {
        "code": "act: case decided",
        "details": {"case": CASE, "decision": "notify", "words": {"code": "decision: notify"}},
    }
    assert ask(desk, "en", "case decide", case="1", decision="notify", reason="s")["state"] == f"case {CASE}: notify"
    answer = ask(desk, "nl", "case assess", case="1", own_attempts=3)
    assert answer["warnings"] == ["stap (a): de regel of bron waarop het oordeel berust, is niet genoemd"]
    assert answer["warnings_said"] == [{"code": "act warning: rule unnamed", "details": {}}]


def required(schemas: Schemas, name: str) -> set[Json]:
    """Returns the fields that the schema of a class requires."""
    schema = schemas.held[name]
    assert isinstance(schema, dict)
    assert isinstance(schema["required"], list)
    return set(schema["required"])


def test_the_schema_is_made_from_the_answer(desk: Desk) -> None:
    """Each field of the document is in the schema, and each of the schema in the document."""
    schemas = Schemas()
    schemas.of(ActAnswer)
    case = ask(desk, "en", "case open", election="EP2024", type="other", origin="media")
    assert set(case) == required(schemas, "ActAnswer")
    assert isinstance(case["did"], dict)
    assert set(case["did"]) == required(schemas, "ActFacts")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_refusal_is_a_document_in_the_language(desk: Desk, language: str) -> None:
    """Code, field and what would be right are the same; the words are those of the language."""
    with pytest.raises(Refusal) as caught:
        ask(desk, language, "case open", election="EP2023", type="other", origin="media")
    found = caught.value.document(language)
    assert found["where"] == "election"
    assert found["wanted"] == "PS2023"
    assert isinstance(found["refused"], dict)
    assert found["refused"]["code"] == "near election"
    assert (english_in(str(found["refused"]["text"])) == []) is (language == "nl")
