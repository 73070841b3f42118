# SPDX-License-Identifier: EUPL-1.2
"""Finds the cause of a server's answer in the table of known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.adapters.server_answers import of_connections, of_mailboxes, of_submission, of_token_endpoints
from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Reader, ServerAnswer
from flaggermail.wording.said import Said, Sentence

KNOWN: Sequence[KnownAnswer] = (
    *of_connections.KNOWN, *of_token_endpoints.KNOWN, *of_mailboxes.KNOWN, *of_submission.KNOWN,
)  # fmt: skip
"""The table. Of several rows that fit an answer, the first one tells its cause."""

_BY_STEP = {step: [row for row in KNOWN if step in row.steps] for step in ProtocolStep}
_UNKNOWN_READER = Reader()


@dataclass(frozen=True, slots=True)
class AnswerMeaning:
    """The cause of an answer, and its sentence: what it means, and what to change where."""

    cause: Sentence
    said: Said


def explain(step: ProtocolStep, answer: ServerAnswer, reader: Reader = _UNKNOWN_READER) -> AnswerMeaning | None:
    """Returns what `answer` means at this step, in words for `reader`; None if it is not known.

    The words hold nothing of the answer, whatever the server wrote.
    """
    row = next((row for row in _BY_STEP[step] if row.fits(answer)), None)
    return AnswerMeaning(row.means, worded(row.means, reader)) if row else None


def worded(cause: Sentence, reader: Reader) -> Said:
    """Returns the sentence of a cause, with what it names of the settings."""
    return cause(**reader.details(cause.details))
