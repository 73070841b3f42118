# SPDX-License-Identifier: EUPL-1.2
"""Machine mail that follows no standard is recognised (tests/mails/machines.yaml)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.errors import ConfigurationError
from flaggermail.mail.message import MechanicalKind
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.shipped_parser import PARSER

FEWEST_BOUNCES, FEWEST_ANSWERS = 25, 60


class Mail(BaseModel):
    """The fields that both kinds of entries share."""

    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from")
    subject: str
    text: str
    fields: list[str] = []

    def octets(self, *more: str) -> bytes:
        """Returns the mail as it is received."""
        own = {line.partition(":")[0] for line in self.fields}
        to = [] if "To" in own else ["To: flagger@ministerie.example"]
        header = [*more, *self.fields, *to, f"From: {self.sender}", f"Subject: {self.subject}"]
        return "\r\n".join([*header, "Content-Type: text/plain; charset=utf-8", "", self.text]).encode()


class Bounce(Mail):
    """One entry of `bounces`."""

    name: str
    failed: list[str]
    outcome: str = "failed"
    original: str | None = None


class Machines(BaseModel):
    """The whole file."""

    bounces: list[Bounce]
    answers: list[Mail]


MACHINES = Machines.model_validate(
    YAML(typ="safe", pure=True).load((Path(__file__).parents[2] / "mails" / "machines.yaml").read_text("utf-8"))
)


@each("mail", MACHINES.bounces, ids=lambda mail: mail.name, of="mails")
def test_a_bounce_without_a_report_is_known_and_read(mail: Bounce) -> None:
    """A bounce without a report gives its recipients, failure or delay, and the identity of the returned mail."""
    message = PARSER.parse(mail.octets())
    assert message.kind is MechanicalKind.BOUNCE
    assert (sorted(message.failed_recipients), message.bounce_class) == (sorted(mail.failed), mail.outcome)
    assert message.original_message_id == mail.original


@each("mail", MACHINES.bounces, ids=lambda mail: mail.name, of="mails")
def test_its_text_from_a_person_is_no_bounce(mail: Bounce) -> None:
    """The text of a bounce, sent by a person with a name and an address, is no bounce."""
    person = mail.model_copy(update={"sender": "Anna de Wit <a.dewit@gemeente.example>", "fields": []})
    assert PARSER.parse(person.octets("Return-Path: <a.dewit@gemeente.example>")).kind is MechanicalKind.HUMAN


@each("mail", MACHINES.answers, ids=range(len(MACHINES.answers)), of="mails")
def test_an_automatic_answer_is_known_by_its_words(mail: Mail) -> None:
    """An automatic answer is recognised by its words alone; old mail systems mark nothing in the header."""
    answer = mail.octets(
        "Return-Path: <x@y.example>", "In-Reply-To: <n1@ministerie.example>", "Message-ID: <1@y.example>"
    )
    assert PARSER.parse(answer).kind is MechanicalKind.AUTO_REPLY


def test_there_are_enough_of_them() -> None:
    """There are enough bounces, each with its own name, and enough different answers."""
    assert len({mail.name for mail in MACHINES.bounces}) == len(MACHINES.bounces) >= FEWEST_BOUNCES
    assert len({mail.text for mail in MACHINES.answers}) >= FEWEST_ANSWERS


def test_a_fault_in_the_words_names_file_language_and_key(tmp_path: Path) -> None:
    """A fault in the word tables names file, line, language and key and prevents the start."""
    for file in ("mail-language.yaml", "mail-machines.yaml"):
        (tmp_path / file).write_text((shipped("rules") / file).read_text("utf-8"), "utf-8")
    (tmp_path / "mail-machines.yaml").write_text("nl:\n  bounce_subject: [x]\n  failure_lines: mislukt\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"mail-machines\.yaml:2:3 nl\.bounce_subject: is no key") as raised:
        read_language(tmp_path)
    assert "mail-machines.yaml:3:3 nl.failure_lines: is no list" in str(raised.value)
    (tmp_path / "mail-machines.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"mail-machines\.yaml:1:1: the file is missing"):
        read_language(tmp_path)
