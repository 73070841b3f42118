# SPDX-License-Identifier: EUPL-1.2
"""The words that keep a line from being understood: the fewest in a row without which it would be."""

from __future__ import annotations

from collections.abc import Callable

from flaggermail.replies.first_line import Line

MOST_WORDS = 25  # of a line that is looked at: the number of tries is half its square
NAMED = 3  # words; of more, the first is named


def words_in_the_way(line: Line, fits: Callable[[Line], bool]) -> str:
    """Returns the words as the writer sees them; empty if no such words leave a line that `fits`."""
    words = line.shown.split()
    if len(words) > MOST_WORDS:
        return ""
    for length in range(1, len(words)):
        for begin in range(len(words) - length, -1, -1):  # what follows the verb, rather than what stands before it
            if fits(Line.of(" ".join((*words[:begin], *words[begin + length :])))):
                run = words[begin : begin + length]
                return " ".join(run) if length <= NAMED else run[0]
    return ""
