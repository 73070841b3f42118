# SPDX-License-Identifier: EUPL-1.2
"""The same number in another form or part: a telephone number of the text in the name of an attachment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import TextSpan

_NUMBERS = frozenset(
    {
        Detail.TELEPHONE, Detail.IBAN, Detail.CITIZEN_NUMBER, Detail.TICKET, Detail.LICENCE_PLATE,
        Detail.DOCUMENT_NUMBER, Detail.STAFF_NUMBER, Detail.CHANNEL, Detail.OWN_ADDRESS,
    }
)  # fmt: skip
_CALLED = frozenset({Detail.TELEPHONE, Detail.CHANNEL, Detail.OWN_ADDRESS})
_SHORTEST = 5  # letters and digits of a number that is looked for
_NATIONAL = 9  # digits of a telephone number that are compared; the rest is the country's code or a zero
_MOST_CALLED = 13
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_GAP = re.compile(r"[^\w\n]{0,3}|_")
_TOGETHER = 8  # groups of a number
_LONGEST = 34  # letters and digits, an IBAN


@dataclass
class SeenNumbers:
    """The numbers that are marked somewhere in an annex, without what stands between their letters and digits."""

    whole: dict[str, Detail] = field(default_factory=dict)
    called: dict[str, Detail] = field(default_factory=dict)  # the last digits of telephone numbers

    def see(self, text: str, spans: Iterable[TextSpan]) -> None:
        """Adds the numbers among the marked places of a text."""
        for span in spans:
            written = text[span.start : span.end]
            if span.detail not in _NUMBERS or "@" in written:
                continue
            signs = "".join(_TOKEN.findall(written)).upper()
            digits = "".join(filter(str.isdigit, signs))
            if span.detail in _CALLED and len(digits) >= _NATIONAL:
                self.called.setdefault(digits[-_NATIONAL:], span.detail)
            elif len(signs) >= _SHORTEST and digits:
                self.whole.setdefault(signs, span.detail)

    def again(self, text: str) -> Iterator[TextSpan]:
        """Yields where the same letters and digits stand in a text, in whatever groups."""
        if not self.whole and not self.called:
            return
        tokens = list(_TOKEN.finditer(text))
        for first, token in enumerate(tokens):
            signs = ""
            for last in range(first, min(first + _TOGETHER, len(tokens))):
                if last > first and not _GAP.fullmatch(text, tokens[last - 1].end(), tokens[last].start()):
                    break
                signs += tokens[last][0].upper()
                if len(signs) > _LONGEST:
                    break
                detail = self._detail(signs)
                if detail:
                    yield TextSpan(token.start(), tokens[last].end(), detail)

    def _detail(self, signs: str) -> Detail | None:
        if signs in self.whole:
            return self.whole[signs]
        called = signs.isdigit() and _NATIONAL <= len(signs) <= _MOST_CALLED
        return self.called.get(signs[-_NATIONAL:]) if called else None
