# SPDX-License-Identifier: EUPL-1.2
"""Mails of municipalities, platforms, the press and citizens are read as they are meant (tests/mails/senders)."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.mail.message import MechanicalKind
from flaggermail.shipped import shipped
from tests.corpus import each

PARSER = StandardParser(read_language(shipped("rules")))
FEWEST = 150
WHO = ("municipal", "platform", "press", "citizen")


class Inside(BaseModel):
    """The mail in a forward."""

    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from")
    subject: str | None = None
    date: str | None = None
    body: str


class Mail(BaseModel):
    """One entry of `mails`."""

    model_config = ConfigDict(extra="forbid")
    name: str
    hostile: bool = False
    sender: str | None = Field(default=None, alias="from")
    subject: str
    fields: list[str] = []
    type: str = "text/plain; charset=utf-8"
    body: str
    kind: MechanicalKind = MechanicalKind.HUMAN
    forwarded: Inside | None = None
    reply: str | None = None
    failed: list[str] = []


class Senders(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from")
    mails: list[Mail]

    def octets(self, mail: Mail) -> bytes:
        """Returns the mail as it is received."""
        author = self.sender if mail.sender is None else mail.sender
        header = [*mail.fields, f"From: {author}", "To: flagger@ministerie.example", f"Subject: {mail.subject}"]
        header += ["Date: Thu, 06 Jun 2024 11:12:00 +0200", f"Message-ID: <{mail.name}@sender.example>"]
        return "\n".join([*header, f"Content-Type: {mail.type}", "", mail.body]).encode()


def load(who: str) -> Senders:
    """Returns the mails of one kind of sender."""
    path = Path(__file__).parents[2] / "mails" / "senders" / f"{who}.yaml"
    return Senders.model_validate(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))


ALL = [(who, senders, mail) for who in WHO for senders in [load(who)] for mail in senders.mails]


@each(("who", "senders", "mail"), ALL, ids=[f"{who}-{mail.name}" for who, _, mail in ALL], of="mails")
def test_a_mail_is_read_as_its_sender_means_it(who: str, senders: Senders, mail: Mail) -> None:
    """Kind, forwarded mail, own words and failed recipients are those that a person would name."""
    found = PARSER.parse(senders.octets(mail))
    assert found.kind is mail.kind, who
    assert sorted(found.failed_recipients) == sorted(mail.failed)
    if mail.reply is not None:
        assert found.reply_text.strip() == mail.reply.strip()
    if found.kind is not MechanicalKind.HUMAN:
        return
    if mail.forwarded is None:
        assert found.forwarded is None
        return
    inside = found.forwarded
    assert inside is not None
    assert inside.sender is not None
    assert (inside.sender.address, inside.subject) == (mail.forwarded.sender, mail.forwarded.subject)
    assert inside.body.strip() == mail.forwarded.body.strip()
    assert mail.forwarded.date in {None, inside.date}


def test_half_of_them_are_hostile_to_the_rules() -> None:
    """There are enough of them, each with a name of its own; nearly half look like something else."""
    assert len({(who, mail.name) for who, _, mail in ALL}) == len(ALL) >= FEWEST
    assert sum(mail.hostile for _, _, mail in ALL) * 2 >= FEWEST
