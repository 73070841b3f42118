# SPDX-License-Identifier: EUPL-1.2
"""What may not stand in a person's words: what a platform did, an authority without consent, signs nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from flaggermail.settings.tag_words import outcome_word

LONGEST = 4000  # characters of one text of a person

_NAME = r"(?:'[a-z]-)?[A-Z][\w'-]*"
_AUTHORITY = re.compile(
    r"\b(?:[Gg]emeente|[Pp]rovincie|[Ww]aterschap|[Mm]unicipality of|[Pp]rovince of|[Ww]ater authority(?: of)?)\s+"
    rf"({_NAME}(?: (?:(?:aan|de|den|op|van) ){{0,2}}{_NAME})*)"
)
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})  # control, format (bidirectional too), private use, surrogates
_ORDINARY = frozenset("\n\t\u00ad\u200c\u200d")  # line ends, the soft hyphen and the joiners of some scripts


def faults(text: str, outcomes: Iterable[str], consents: Iterable[str]) -> Iterator[str]:
    """Yields what is wrong with a text, as it continues the name of its key; `outcomes` may be empty."""
    if len(text) > LONGEST:
        yield f"has {len(text)} characters; at most {LONGEST}"
        return
    hidden = next((sign for sign in text if unicodedata.category(sign) in _HIDDEN and sign not in _ORDINARY), None)
    if hidden is not None:
        yield f"holds the invisible character U+{ord(hidden):04X}; remove it"
    word = outcome_word(text, outcomes)
    if word is not None:
        yield f"holds {word!r}: what a platform did is not reported; say what its answer said about the matter"
    for name in _AUTHORITY.findall(text.replace("\u2019", "'")):
        if not any(_is_agreed(name.casefold(), one.casefold()) for one in consents):
            yield f"names {name}; leave the name out, or list it under `consents` with `consent: true`"


def _is_agreed(name: str, consent: str) -> bool:
    """True if the name, perhaps with further words behind it, is that of an authority which agreed."""
    return consent.endswith(name) or name.startswith(f"{consent} ")
