# SPDX-License-Identifier: EUPL-1.2
"""The words of pages: headings, labels, buttons and hints, and the names of closed sets as pages show them."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.wording.acts import ActPart
from flaggermail.wording.dossier import DossierMeans, DossierOrigin
from flaggermail.wording.pieces import DecisionWord, MailWord, SourceWord, TypeWord, WaitedWord
from flaggermail.wording.said import Sentence, of_catalogue


class ScreenText(Sentence):
    """What a page says, by the name that its template uses. Python says four of them itself."""

    SENT_BEFORE: ScreenText
    THE_DESK: ScreenText
    NOW_RECORDED: ScreenText
    NOW_NOTHING: ScreenText
    vars().update(of_catalogue("pages", "page: "))


class CaseStateWord(Sentence):
    """The state of a case."""

    vars().update(of_catalogue("pages", "case state: "))


class ClockWord(Sentence):
    """What a clock waits for."""

    vars().update(of_catalogue("pages", "clock: "))


class NotificationWord(Sentence):
    """The state of a notification."""

    vars().update(of_catalogue("pages", "notification: "))


class VerdictWord(Sentence):
    """Whether it is known who sent a mail."""

    vars().update(of_catalogue("pages", "verdict: "))


class CountsWord(Sentence):
    """What a contact note counts as."""

    vars().update(of_catalogue("pages", "counts: "))


class DeclineGroundWord(Sentence):
    """The ground on which a referral is declined."""

    vars().update(of_catalogue("pages", "ground: "))


class AspectWord(Sentence):
    """A side of the election."""

    vars().update(of_catalogue("pages", "aspect: "))


class StatusWord(Sentence):
    """What is wrong with the desk, by `health.status_document.StatusCode`."""

    vars().update(of_catalogue("pages", "finding: "))


class EventWord(Sentence):
    """What happened, by the kind of its event: a short sentence in the past tense."""

    vars().update(of_catalogue("pages", "event: "))


def _by_value(of: type[Sentence]) -> Mapping[str, Sentence]:
    return {one.value.partition(": ")[2]: one for one in of}


CLOSED_SETS: Mapping[str, Mapping[str, Sentence]] = {
    "case": _by_value(CaseStateWord),
    "clock": _by_value(ClockWord),
    "waited": _by_value(WaitedWord),  # what stopped it
    "notification": _by_value(NotificationWord),
    "verdict": _by_value(VerdictWord),
    "health": _by_value(StatusWord),
    "mail": _by_value(MailWord),
    "event": _by_value(EventWord),
    "decision": _by_value(DecisionWord),
    "origin": _by_value(DossierOrigin),
    "source": {one.name.lower(): one for one in SourceWord},
    "means": _by_value(DossierMeans),
    "counts": _by_value(CountsWord),
    "ground": _by_value(DeclineGroundWord),
    "aspect": _by_value(AspectWord),
    "item": {one.name.lower(): one for one in (ActPart.ATTEMPTS, ActPart.SCREENSHOT, ActPart.LINK, ActPart.CONTACT)},
    "type": {
        "A_content": TypeWord.CONTENT,
        "B_channel": TypeWord.CHANNEL,
        "C_advert": TypeWord.ADVERT,
        "D_general_warning": TypeWord.GENERAL_WARNING,
        "other": TypeWord.OTHER,
    },
}
"""The words for the values of closed sets, by the name that templates give the set."""
