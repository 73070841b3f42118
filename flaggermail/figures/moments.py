# SPDX-License-Identifier: EUPL-1.2
"""What happened during a use, in order, and what of it is shown together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop
from flaggermail.record.states import InstantBasis, Sign
from flaggermail.wording.report import Caption
from flaggermail.wording.said import StoredText

_NUDGES = frozenset({Sign.REMINDER, Sign.ESCALATION})
_ORDER = tuple(Sign)

WORDS: Mapping[Sign, Caption] = {
    Sign.SENT: Caption.SENT,
    Sign.REMINDER: Caption.REMINDER,
    Sign.ESCALATION: Caption.ESCALATION,
    Sign.RECEIPT: Caption.RECEIPT,
    Sign.HUMAN: Caption.HUMAN,
    Sign.SUBSTANCE: Caption.SUBSTANCE,
}
BASES: Mapping[InstantBasis, Caption] = {
    InstantBasis.MAIL: Caption.BASIS_MAIL,
    InstantBasis.SENT_COPY: Caption.BASIS_COPY,
    InstantBasis.QUOTED_WORDS: Caption.BASIS_QUOTED,
    InstantBasis.BY_HAND: Caption.BASIS_HAND,
}
FORMS: Mapping[AnswerForm, Caption] = {
    AnswerForm.MAIL: Caption.FORM_MAIL,
    AnswerForm.AUTOMATIC: Caption.FORM_AUTOMATIC,
    AnswerForm.COMMENT: Caption.FORM_COMMENT,
    AnswerForm.ORAL: Caption.FORM_ORAL,
    AnswerForm.PORTAL: Caption.FORM_PORTAL,
}
_SEVERAL: Mapping[Sign, Caption] = {Sign.REMINDER: Caption.REMINDERS, Sign.ESCALATION: Caption.ESCALATIONS}


def to_the_minute(at: datetime) -> datetime:
    """Returns the instant without its seconds, as it is printed and as minutes are counted."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class UseMoment:
    """Something that happened, with what is unusual about it."""

    at: datetime
    sign: Sign
    notes: tuple[Caption, ...] = ()

    @property
    def minute(self) -> datetime:
        """The instant without its seconds."""
        return to_the_minute(self.at)


@dataclass(frozen=True, slots=True)
class TimelineLabel:
    """Moments that share a label: those of one minute, or a run of reminders and escalations."""

    moments: tuple[UseMoment, ...]

    @property
    def first(self) -> datetime:
        """The first minute."""
        return self.moments[0].minute

    @property
    def last(self) -> datetime:
        """The last minute."""
        return self.moments[-1].minute

    @property
    def signs(self) -> tuple[Sign, ...]:
        """What is drawn, each sign once."""
        return tuple(dict.fromkeys(moment.sign for moment in self.moments))

    def words(self) -> list[Caption | StoredText]:
        """Returns what happened, each sign once, and after it what is unusual about it."""
        found: list[Caption | StoredText] = []
        for sign in self.signs:
            if sign is Sign.OPEN:
                continue
            same = [moment for moment in self.moments if moment.sign is sign]
            found.append(_SEVERAL[sign](count=len(same)) if len(same) > 1 and sign in _SEVERAL else WORDS[sign])
        return [*found, *dict.fromkeys(note for moment in self.moments for note in moment.notes)]


def of_use(use: PlatformUse) -> list[UseMoment]:
    """Returns what happened during a use, in order."""
    stops = ((Sign.RECEIPT, use.receipt), (Sign.HUMAN, use.human), (Sign.SUBSTANCE, use.substance))
    return in_order([
        UseMoment(use.sent_at, Sign.SENT, _unusual(use.sent_basis)),
        *(UseMoment(at, Sign.REMINDER) for at in use.reminders),
        *(UseMoment(at, Sign.ESCALATION) for at in use.escalations),
        *(UseMoment(stop.at, sign, _notes(stop)) for sign, stop in stops if stop is not None),
    ])  # fmt: skip


def shown(use: PlatformUse, as_of: datetime, most: int) -> list[TimelineLabel]:
    """Returns at most `most` labels, or as many as cannot be joined; what is open ends in one at `as_of`."""
    moments = of_use(use)
    if use.human is not None and use.substance is not None:
        return labels(moments, most)
    still = Caption.STILL_SILENT if use.human is None else Caption.STILL_MATTER
    end = TimelineLabel((UseMoment(max(as_of, moments[-1].at), Sign.OPEN, (still,)),))
    return [*labels(moments, most - 1), end]


def stopped_together(use: PlatformUse) -> list[tuple[Stop | None, tuple[Sign, ...]]]:
    """Returns each answer once with the signs of all clocks that it stopped; None for the running clocks."""
    found: dict[Stop | None, tuple[Sign, ...]] = {}
    for sign, stop in ((Sign.RECEIPT, use.receipt), (Sign.HUMAN, use.human), (Sign.SUBSTANCE, use.substance)):
        found[stop] = (*found.get(stop, ()), sign)
    return list(found.items())


def counted_instants(use: PlatformUse, as_of: datetime) -> list[datetime]:
    """Returns the instants that a reader may subtract from each other: `as_of` only if the use is open."""
    return [*(moment.at for moment in of_use(use)), *([as_of] if use.human is None else [])]


def _notes(stop: Stop) -> tuple[Caption, ...]:
    form = () if stop.form is AnswerForm.MAIL else (FORMS[stop.form],)
    return (*form, *_unusual(stop.basis))


def _unusual(basis: InstantBasis) -> tuple[Caption, ...]:
    return () if basis is InstantBasis.MAIL else (BASES[basis],)


def in_order(moments: Iterable[UseMoment]) -> list[UseMoment]:
    """Returns moments by their minute; those of one minute in the order of their signs."""
    return sorted(moments, key=lambda moment: (moment.minute, _ORDER.index(moment.sign)))


def labels(moments: Sequence[UseMoment], most: int) -> list[TimelineLabel]:
    """Returns the labels of moments in order: one a minute, the sending for itself.

    If there are more than `most`, reminders and escalations between two other labels share one.
    """
    by_minute = groupby(moments, key=lambda moment: (moment.minute, moment.sign is Sign.SENT))
    found = [TimelineLabel(tuple(run)) for _, run in by_minute]
    if len(found) <= most:
        return found
    merged: list[TimelineLabel] = []
    for only_nudges, run in groupby(found, key=lambda label: _NUDGES.issuperset(label.signs)):
        if only_nudges:
            merged.append(TimelineLabel(tuple(moment for label in run for moment in label.moments)))
        else:
            merged += run
    return merged
