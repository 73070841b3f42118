# SPDX-License-Identifier: EUPL-1.2
"""docs/server-answers.md lists the known answers as they are in the code."""

from __future__ import annotations

from flaggermail.adapters.server_answers.answer import ProtocolStep
from flaggermail.adapters.server_answers.recognise import known
from tests.tools.answers import MANUAL, WHILE, with_tables


def test_the_manual_lists_every_answer() -> None:
    """`python -m tests.tools.answers` was run after the last change."""
    page = MANUAL.read_text("utf-8")
    assert page == with_tables(page)
    assert [row.line for row in known() if f"| `` {row.line} `` |" not in page] == []
    assert set(WHILE) == set(ProtocolStep)
