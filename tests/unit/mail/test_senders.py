# SPDX-License-Identifier: EUPL-1.2
"""Mails of municipalities, platforms, the press and citizens are read as they are meant (tests/mails)."""

from __future__ import annotations

from flaggermail.mail.message import MechanicalKind
from tests.corpus import each
from tests.mail_senders import Mail, Senders, load
from tests.shipped_parser import PARSER

FEWEST = 300
FOLDERS = ("senders", "judged")
ALL = [(folder, *found) for folder in FOLDERS for found in load(folder)]


@each(
    ("folder", "who", "senders", "mail"), ALL,
    ids=[f"{folder}-{who}-{mail.name}" for folder, who, _, mail in ALL], of="mails",
)  # fmt: skip
def test_a_mail_is_read_as_its_sender_means_it(folder: str, who: str, senders: Senders, mail: Mail) -> None:
    """Kind, forwarded mail, own words and failed recipients are those that a person would name."""
    found = PARSER.parse(senders.octets(mail))
    assert found.kind is mail.kind, (folder, who)
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
    assert len({(who, mail.name) for _, who, _, mail in ALL}) == len(ALL) >= FEWEST
    assert sum(mail.hostile for *_, mail in ALL) * 2 >= FEWEST
