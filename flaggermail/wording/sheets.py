# SPDX-License-Identifier: EUPL-1.2
"""What the sheets of a case, a draft and a mail say: the questions of a form, and what was calculated or compared."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class ClockText(Sentence):
    """Why nothing is due of an open clock now."""

    DUE = "clock: due"
    ACKNOWLEDGED = "clock: acknowledged"
    ALL_TOLD = "clock: all told"
    NONE_FELL_DUE = "clock: none fell due"
