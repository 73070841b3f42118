# SPDX-License-Identifier: EUPL-1.2
"""What the check of servers finds, step by step, and what to mend."""

from __future__ import annotations

from flaggermail.wording.said import Sentence, of_catalogue


class OnlineFinding(Sentence):
    """What was found: a sentence for each `online.outcomes.OutcomeCode`, of its name, and parts of them."""

    AHEAD: OnlineFinding
    BEHIND: OnlineFinding
    WITH_TOKEN: OnlineFinding
    WITH_PASSWORD: OnlineFinding
    NO_LIMIT: OnlineFinding
    MEGABYTES: OnlineFinding
    NO_RECEIPT: OnlineFinding
    NOT_SEEN: OnlineFinding
    vars().update(of_catalogue("online", "online: "))


class OnlineStep(Sentence):
    """The name of each step. The names are those of `online.outcomes.CheckStep`."""

    vars().update(of_catalogue("online", "step: "))


class OnlineRemedy(Sentence):
    """What to change, and where to change it. The names are those of outcomes that are not in order."""

    vars().update(of_catalogue("online", "mend: "))
