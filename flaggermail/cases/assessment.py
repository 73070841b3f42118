# SPDX-License-Identifier: EUPL-1.2
"""Whether an assessment carries the decision to notify: the two steps, own means first on a lost channel."""

from __future__ import annotations

from enum import StrEnum

from flaggermail.record.rows import Case

ENOUGH_ATTEMPTS = 2  # "repeated" means at least two


class DeclineReason(StrEnum):
    """Every reason for which a referral is declined; `config/templates/words.yaml` says each to the referrer."""

    OUTSIDE_PROCESS = "outside_process"  # promises, opinions: not how the election is run
    ILLEGAL_ONLY = "illegal_only"  # it may be against the law, and that is all there is to it
    SINGLE_POST = "single_post"  # a citizen's report about one post
    MEANS_LEFT = "means_left"  # the owner of the channel, or the referrer, has not tried what he can
    NO_CRITERION = "no_criterion"  # no vote becomes invalid, goes astray or is lost
    OTHER = "other"  # in words of one's own


def missing(case: Case) -> tuple[str, ...]:
    """What the assessment lacks before a notification may be decided on."""
    lacks = []
    if case.type == "A_content" and case.incorrect is not True:
        lacks.append("step (a), whether it is in fact incorrect or misleading, is not answered with yes")
    if case.type in {"A_content", "D_general_warning"} and not case.criteria:
        lacks.append("step (b), at least one of the criteria 1 to 3, is not filled in")
    if case.type == "B_channel" and case.all_means_used is not True and not (case.override_reason or "").strip():
        lacks.append("the owner has not used all own means, and no reason to go on without them is given")
    return tuple(lacks)


def warnings(case: Case) -> tuple[str, ...]:
    """What a person should weigh; none of it stands in the way."""
    found = []
    if case.origin == "referral" and (case.own_attempts or 0) < ENOUGH_ATTEMPTS:
        found.append(f"own attempts: {case.own_attempts or 0}; repeated attempts means at least {ENOUGH_ATTEMPTS}")
    if case.incorrect is not None and not (case.contradicts or "").strip():
        found.append("step (a): the rule or source by which it was judged is not named")
    return tuple(found)
