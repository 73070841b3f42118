# SPDX-License-Identifier: EUPL-1.2
"""Whether the desk's token opens another mailbox, by what servers say to it; the words are those Exchange documents."""

import base64
from collections.abc import Sequence
from dataclasses import replace

import pytest

from flaggermail.adapters.imap.probe import proves_one_mailbox
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import Reach, TokenReach
from tests.contract.imap_account import account
from tests.contract.test_oauth_logins import EXCHANGE, FAILED, SHARED, tokens
from tests.doubles.scripted_imap import Line, Script, ScriptedImap

OTHER = "directie@bzk.example"
NO_RIGHT = "BAD User is authenticated but not connected."


def login(line: Line, mailbox: str, end: str = "OK done") -> None:
    """Lets the client log in for this mailbox, with the first token; `end` is what it is told."""
    line.greet(EXCHANGE)
    tag = line.expect("AUTHENTICATE XOAUTH2")
    line.say("+ ")
    said = base64.b64decode(line.hear()).decode()
    assert said == f"user={mailbox}\x01auth=Bearer canary-1\x01\x01"
    if not end.startswith("OK"):
        line.say(f"+ {FAILED}")
        line.hear()
    line.say(f"{tag} {end}")
    if end.startswith("OK"):
        line.answer("CAPABILITY", f"* CAPABILITY {EXCHANGE}")


def opens(mailbox: str, end: str = "OK [READ-ONLY] done") -> Script:
    """Returns a server that logs the client in and answers the inbox with `end`."""

    def script(line: Line) -> None:
        login(line, mailbox)
        line.answer("EXAMINE", "* OK [UIDVALIDITY 1] x", done=end)
        line.until_closed()

    return script


def refuses(mailbox: str, end: str = "NO AUTHENTICATE failed.") -> Script:
    """Returns a server that refuses the login."""

    def script(line: Line) -> None:
        login(line, mailbox, end)
        line.until_closed()

    return script


def tried(by: Bearer, *scripts: Script) -> TokenReach:
    """Tries the other mailbox on a server that plays a script for each connection."""
    with ScriptedImap(scripts).running() as port:
        return proves_one_mailbox(replace(account(port), bearer=by), replace(by, mailbox=OTHER))


@pytest.mark.parametrize(
    ("other", "reach", "words"),
    [
        (refuses(OTHER), Reach.REFUSED, (f"was refused for {OTHER}, as it must be", f"toegang tot {OTHER} is geweig")),
        (opens(OTHER, NO_RIGHT), Reach.REFUSED, ("as it must be", "zoals het hoort")),
        (opens(OTHER), Reach.OPENED, (f"opens {OTHER} too, so the application may read other", "mag mogelijk")),
        (opens(OTHER, "NO [SERVERBUG] x"), Reach.UNCLEAR, ("does not say whether", "niet duidelijk of")),
    ],
)
def test_what_the_server_says_to_the_same_token(other: Script, reach: Reach, words: Sequence[str]) -> None:
    """Refused at the login or at the inbox, opened, or neither; the token is kept for the desk."""
    by = tokens()
    found = tried(by, opens(SHARED), other)
    assert found.reach is reach
    assert words[0] in found.told.english
    assert words[1] in found.told.in_language("nl")
    assert by.current().value == "canary-1"


def test_a_server_that_refuses_the_own_mailbox_proves_nothing() -> None:
    """The desk cannot work either: its own login is what is told."""
    with pytest.raises(LoginRefused, match=SHARED):
        tried(tokens(), refuses(SHARED))


@pytest.mark.parametrize("end", ["NO [UNAVAILABLE] later", "NO [INUSE] later"])
def test_a_server_that_cannot_tell_now_is_tried_again(end: str) -> None:
    """A refusal for now is about no right, and neither is a line that is lost."""
    with pytest.raises(LinkLost) as lost:
        tried(tokens(), opens(SHARED), refuses(OTHER, end))
    assert not isinstance(lost.value, LoginRefused)


def test_an_old_token_that_the_other_mailbox_refuses_proves_as_much() -> None:
    """The desk's token may have been fetched long ago; the own mailbox has just opened with it."""
    seconds = [0.0]
    by = replace(tokens(), monotonic=lambda: seconds[0])
    by.current()
    seconds[0] = 600.0
    assert tried(by, opens(SHARED), refuses(OTHER)).reach is Reach.REFUSED
