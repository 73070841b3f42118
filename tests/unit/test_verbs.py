# SPDX-License-Identifier: EUPL-1.2
"""What an officer's reply to a reminder says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.core.acts import Acknowledge
from flaggermail.core.verbs import NotUnderstood, read

NOT_UNDERSTOOD = NotUnderstood(("ok",))


@pytest.mark.parametrize(
    "reply", ["ok", "OK", "Ok.", " ok! ", "\n\n  ok,\nand more below", "*ok*", "ok -", "\r\nok\r\n", "ok\nniet ok"]
)
def test_ok_acknowledges_the_reminder(reply: str) -> None:
    """The first line that is not empty counts; capitals, blanks and punctuation around it do not."""
    assert read(reply, "r1") == Acknowledge(reminder="r1")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   \n\n",
        "niet ok",
        "ok niet",
        "okay",
        "oké",
        "o k",
        "not ok",
        "hello\nok",
        "okok",
        "?",
        "> ok",
        "ok?",
        "0k",
    ],
)
def test_anything_else_does_nothing_and_says_what_would_work(reply: str) -> None:
    """An unclear reply, an empty one, or the word further down is no act."""
    assert read(reply, "r1") == NOT_UNDERSTOOD


@given(st.text(max_size=60))
def test_no_text_at_all_does_anything_but_acknowledge(reply: str) -> None:
    """Whatever stands in a reply, it acknowledges the very reminder it answers or nothing."""
    assert read(reply, "r1") in {Acknowledge(reminder="r1"), NOT_UNDERSTOOD}
