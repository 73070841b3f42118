# SPDX-License-Identifier: EUPL-1.2
"""What to do about a refusal: the hint of a refusal has its code, and words for each way in which it is read.

The catalogue lists the hints: each has the name of the way, such as `by mail: `, before the code of the refusal.
"""

from __future__ import annotations

from flaggermail.wording.said import UNSAID, Sentence, StoredText, of_catalogue


class WithHint(Sentence):
    """A refusal, and what its reader can do, or who was faster."""

    HINTED = "refusal and hint"
    AFTER = "refusal and act"


class HintByCommand(Sentence):
    """What a reader at the command line can do."""

    vars().update(of_catalogue("hints", "by command: "))


class HintByMail(Sentence):
    """What a reader of a mail can answer; the line of a terminal if no answer does it."""

    vars().update(of_catalogue("hints", "by mail: "))


def hint(refusal: StoredText, way: type[HintByCommand | HintByMail]) -> StoredText:
    """Returns the hint of a refusal for those who read it that way; nothing if it has none."""
    found = next((one for one in way if one.value.partition(": ")[2] == refusal.code), None)
    return refusal.retold(found) if found is not None else UNSAID


def hinted(refusal: StoredText, way: type[HintByCommand | HintByMail], earlier: StoredText | None = None) -> StoredText:
    """Returns a refusal with its hint for those who read it that way, and with the act that came before it, if any."""
    found = hint(refusal, way)
    told = WithHint.AFTER(refusal=refusal, act=earlier) if earlier else refusal
    return WithHint.HINTED(refusal=told, hint=found) if found else told
