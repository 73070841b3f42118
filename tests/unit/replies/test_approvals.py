# SPDX-License-Identifier: EUPL-1.2
"""Four hundred replies to a request for approval, in ten hands: none is sent against a wish, few wait without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from itertools import cycle
from pathlib import Path
from typing import cast

import pytest
from ruamel.yaml import YAML

from flaggermail.record.case_values import Topic
from flaggermail.replies.answered import NotUnderstood, Understood
from flaggermail.replies.left_over import ReplyWriter, own_lines
from flaggermail.replies.verbs import read
from tests.shipped_parser import LANGUAGE, PARSER
from tests.unit.replies.test_verbs import CODE, WORDS_OF_REPLIES, about

PARTS: Mapping[str, Mapping[str, Sequence[str]]] = YAML(typ="safe", pure=True).load(
    (Path(__file__).parents[2] / "replies" / "approvals.yaml").read_text("utf-8")
)
LETTER = (
    "Goedenavond Anna,\n\nKeur deze melding goed, of wijs haar af. Antwoord op de eerste regel:\n\n  akkoord CODE\n"
    "  nee: REDEN\n\n| Subject: False polling day\n|\n| The post at https://x.example/post/2 names a wrong day.\n"
    "| The second is https://x.example/post/3, and it does not say so.\n\nVerkiezingen flagger"
)
assert WORDS_OF_REPLIES is not None
WRITER = ReplyWriter(LANGUAGE, WORDS_OF_REPLIES, frozenset({"a", "anna", "jansen", "officer"}), LETTER)
ENDINGS = 9


@dataclass(frozen=True)
class Reply:
    """One reply: whose hand, what it wishes (nothing: empty), and its text."""

    hand: Mapping[str, str]
    wish: str
    text: str


def replies(half: str) -> Iterator[Reply]:
    """Yields two hundred replies of one half of the parts: every other one with a wish, at each of its places."""
    parts = {name: cycle(of[half]) for name, of in PARTS.items()}
    for number in range(200):
        hand = cast("Mapping[str, str]", next(parts["hands"]))
        verb, plain, quote = (next(parts[name]) for name in ("verbs", "plain", "quotes"))
        verb = verb.replace("CODE", CODE)
        above, below = (f"{plain}\n\n", "") if plain and number % 3 == 0 else ("", f"\n\n{plain}" if plain else "")
        wish = next(parts["wishes"]) if number % 2 else ""
        ends, place = f"\n\n{hand['ends']}", (number // 2) % ENDINGS if wish else -1
        shapes = {
            0: f"{above}{verb}\n\n{wish}{below}{ends}", 1: f"{above}{verb}{below}\n{wish}{ends}",
            2: f"{above}{verb}{below}{ends}\n\n{wish}", 3: f"{above}{verb}. {wish}{below}{ends}",
            4: f"{wish}\n\n{verb}{below}{ends}", 5: f"{above}{verb}{below}{ends}\n{wish}",
            6: f"{verb} {wish}{ends}", 7: f"{above}{verb}\n{wish}\n{ends}", 8: f"{above}{verb}{below}{ends}",
        }  # fmt: skip
        text = f"{hand['greeting']}\n\n{shapes.get(place, shapes[8])}".lstrip()
        bare = LETTER if place != 8 else LETTER.replace("post/3,", f"post/3,\n{wish}\n")
        if place == 8 and "{" not in quote:
            text += f"\n{wish}"
        marked = "\n".join(line if line == wish and place == 8 else f"> {line}" for line in bare.splitlines())
        yield Reply(hand, wish, text + quote.replace("{bare}", bare).replace("{quote}", marked))


def parsed(text: str) -> tuple[str, str]:
    """Returns own words and whole text of a reply, as the parser reads them."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a.jansen@bzk.example", "desk@bzk.example", "Re: Ter goedkeuring"
    mail["In-Reply-To"] = "<request@bzk.example>"
    mail.set_content(text, charset="utf-8", cte="8bit")
    found = PARSER.parse(bytes(mail))
    return found.reply_text, found.text


def found_in(reply: Reply) -> Understood | NotUnderstood:
    """Returns what is read in a reply of which two earlier mails of the same hand are on record."""
    earlier = [own_lines(parsed(f"{verb}\n\n{reply.hand['ends']}")[1], "", LANGUAGE) for verb in ("neem", "ok")]
    return read(*parsed(reply.text), replace(about(Topic.APPROVAL), writer=replace(WRITER, earlier=lambda: earlier)))


@pytest.mark.parametrize("half", ["seen", "held"])
def test_nothing_is_sent_against_a_wish_and_little_waits_without_one(half: str) -> None:
    """Sent against a wish: none. Kept though there is none: three in a hundred at most."""
    every = [(reply, found_in(reply)) for reply in replies(half)]
    sent = [reply.text for reply, found in every if reply.wish and isinstance(found, Understood)]
    kept = [(reply.text, found) for reply, found in every if not reply.wish and isinstance(found, NotUnderstood)]
    assert sent == []
    assert len(kept) <= 3, kept
