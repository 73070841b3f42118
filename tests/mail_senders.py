# SPDX-License-Identifier: EUPL-1.2
"""Reads the mails of municipalities, platforms, the press and citizens (tests/mails/senders, tests/mails/judged)."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from flaggermail.mail.message import MechanicalKind
from flaggermail.record.kinds import Place

MAILS = Path(__file__).parent / "mails"
LETTER = "n1@ministerie.example"  # the Message-ID of the desk's letter, in the files
WHO = ("municipal", "platform", "press", "citizen")


class Inside(BaseModel):
    """The mail in a forward."""

    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from")
    subject: str | None = None
    date: str | None = None
    body: str


class Judgement(BaseModel):
    """What the desk makes of the mail."""

    model_config = ConfigDict(extra="forbid")
    place: Place
    opens: bool = False
    listed: bool = False
    stops: list[str] = []
    attempts: int | None = None


class Mail(BaseModel):
    """One entry of `mails`."""

    model_config = ConfigDict(extra="forbid")
    name: str
    hostile: bool = False
    sender: str | None = Field(default=None, alias="from")
    to: str = "flagger@ministerie.example"
    subject: str
    fields: list[str] = []
    type: str = "text/plain; charset=utf-8"
    encoded: str | None = None  # base64 or quoted-printable
    charset: str = "utf-8"  # of the octets, whatever the type says
    body: str
    kind: MechanicalKind = MechanicalKind.HUMAN
    forwarded: Inside | None = None
    reply: str | None = None
    failed: list[str] = []
    auth: str = "pass"
    judged: Judgement | None = None


class Senders(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from")
    to: str | None = None
    mails: list[Mail]

    def octets(self, mail: Mail, letter: str = LETTER) -> bytes:
        """Returns the mail as its sender's server hands it over; `letter` is the Message-ID that LETTER stands for."""
        author = self.sender if mail.sender is None else mail.sender
        named = {line.partition(":")[0].lower() for line in mail.fields}
        header = [*mail.fields, f"From: {author}", f"To: {self.to or mail.to}", f"Subject: {mail.subject}"]
        own = {"date": "Thu, 06 Jun 2024 11:12:00 +0200", "message-id": f"<{mail.name}@sender.example>"}
        header += [f"{name}: {value}" for name, value in own.items() if name not in named]
        header += [f"Content-Transfer-Encoding: {mail.encoded}"] if mail.encoded else []
        header += [f"Content-Type: {mail.type}"] if mail.type else []
        return "\n".join([*header, "", ""]).replace(LETTER, letter).encode(mail.charset) + _encoded(mail, letter)


def _encoded(mail: Mail, letter: str) -> bytes:
    octets = mail.body.replace(LETTER, letter).encode(mail.charset)
    if mail.encoded == "base64":
        return base64.encodebytes(octets)
    return quopri.encodestring(octets) if mail.encoded == "quoted-printable" else octets


@cache
def _senders(folder: str, who: str) -> Senders:
    text = (MAILS / folder / f"{who}.yaml").read_text("utf-8")
    return Senders.model_validate(YAML(typ="safe", pure=True).load(text))


def load(folder: str) -> Iterator[tuple[str, Senders, Mail]]:
    """Yields each mail of a folder with its kind of sender and its file."""
    for who in WHO:
        senders = _senders(folder, who)
        yield from ((who, senders, mail) for mail in senders.mails)
