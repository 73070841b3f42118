# SPDX-License-Identifier: EUPL-1.2
"""Mail from people that looks like bounces or automatic answers is human (tests/mails/people.yaml)."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from flaggermail.mail.message import MechanicalKind
from tests.corpus import each
from tests.shipped_parser import PARSER

PIECE = re.compile(r"^(.*?)\{(> )?(\w+)\}", re.MULTILINE)
FEWEST = 100


class Mail(BaseModel):
    """One entry of `mails`."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    name: str
    why: str
    client: str
    sender: str
    subject: str
    body: str
    fields: list[str] = []
    attached: str | None = None


class People(BaseModel):
    """The whole file."""

    clients: dict[str, str]
    pieces: dict[str, str]
    mails: list[Mail]

    def octets(self, mail: Mail) -> bytes:
        """Returns the mail as received; its own fields replace those of its mail program."""
        own = {line.partition(":")[0].lower() for line in mail.fields}
        lines = self.clients[mail.client].replace("{id}", mail.name).splitlines()
        header = [line for line in lines if line.partition(":")[0].lower() not in own] + mail.fields
        header += [f"From: {mail.sender}", "To: flagger@ministerie.example", f"Subject: {mail.subject}"]
        header += ["Date: Thu, 06 Jun 2024 09:12:00 +0200"]
        body = PIECE.sub(lambda found: found[1] + self._piece(found[3], found[2] or ""), mail.body)
        if mail.attached is None:
            return "\r\n".join([*header, "Content-Type: text/plain; charset=utf-8", "", body]).encode()
        parts = ["--b", "Content-Type: text/plain; charset=utf-8", "", body, "--b"]
        parts += ["Content-Type: message/rfc822", "", self.pieces[mail.attached], "--b--"]
        return "\r\n".join([*header, 'Content-Type: multipart/mixed; boundary="b"', "", *parts]).encode()

    def _piece(self, name: str, mark: str) -> str:
        return "\n".join(mark + line for line in self.pieces[name].splitlines())


def load() -> People:
    """Returns the mails, with "from" renamed to `sender`."""
    content = YAML(typ="safe", pure=True).load((Path(__file__).parents[2] / "mails" / "people.yaml").read_text("utf-8"))
    for mail in content["mails"]:
        mail["sender"] = mail.pop("from")
    return People.model_validate(content)


PEOPLE = load()


@each("mail", PEOPLE.mails, ids=lambda mail: mail.name, of="mails")
def test_a_mail_of_a_person_is_human(mail: Mail) -> None:
    """A person's mail is human, whatever it quotes, forwards, attaches or is about."""
    message = PARSER.parse(PEOPLE.octets(mail))
    assert message.kind is MechanicalKind.HUMAN, mail.why
    assert (message.failed_recipients, message.bounce_class) == ((), None)


def test_the_mails_are_a_hundred_different_ones_with_reasons() -> None:
    """The set has at least a hundred different mails, each with a reason."""
    assert len({mail.name for mail in PEOPLE.mails}) == len(PEOPLE.mails) >= FEWEST
    assert len({(mail.subject, mail.body, mail.sender) for mail in PEOPLE.mails}) == len(PEOPLE.mails)
    assert all(mail.why.strip() for mail in PEOPLE.mails)


def test_each_piece_is_a_report_or_an_answer_when_a_machine_sends_it() -> None:
    """Each piece that the people quote is a bounce or an automatic answer if a machine sends it."""
    head = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Returned mail\r\n\r\n"
    for name in ("postfix", "exim", "exchange_nl", "delay"):
        assert PARSER.parse((head + PEOPLE.pieces[name]).encode()).kind is MechanicalKind.BOUNCE
    assert PARSER.parse(PEOPLE.pieces["report"].encode()).kind is MechanicalKind.BOUNCE
    assert PARSER.parse(PEOPLE.pieces["answered"].encode()).kind is MechanicalKind.AUTO_REPLY
    for name in ("away", "away_en"):
        mail = f"From: a@b.example\r\nSubject: Re: Notice\r\n\r\n{PEOPLE.pieces[name]}"
        assert PARSER.parse(mail.encode()).kind is MechanicalKind.AUTO_REPLY
