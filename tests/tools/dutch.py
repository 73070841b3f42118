# SPDX-License-Identifier: EUPL-1.2
"""Finds English in Dutch: function words that Dutch does not have."""

from __future__ import annotations

import re
from functools import lru_cache

from tests.both_shapes import words_of

ENGLISH = re.compile(
    r"\b(?:the|and|not|that|this|these|those|from|with|are|were|has|have|had no|its|it|nobody|somebody|already|been|be|"
    r"which|who|there|only|does|did|must|could|would|should|their|they|them|your|our|for|to|by|if|any|until|after|"
    r"before|because|while|since|says|sender|case|closed|waits|sent|reason)\b",
    re.IGNORECASE,
)
DUTCH = re.compile(r"\b(?:de|het|een|deze|niet|geen|voor|naar|wordt|zijn)\b", re.IGNORECASE)
_CODE = re.compile(
    r"`[^`\n]*`|«[^«»\n]*»|\bflaggermail(?: [a-z-]+)+|--[a-z-]+|<[^<>\s]*>|\S+@\S+|https?://\S+|\b\S+\.(?:yaml|json|eml)\b"
)
_OTHERS = re.compile(  # lines with words or names of somebody else
    r"^(?:\s*\| |Onderwerp: |Beleid: |Over: |Van: |Titel: |Beleid dat |Kanalen die )"
)
_RULED = re.compile(r"^-{20,}$.*?^-{20,}$", re.MULTILINE | re.DOTALL)  # a text to copy, in the platform's language


def english_in(text: str) -> list[str]:
    """Returns the English words in a Dutch sentence, apart from commands, options, addresses and names of files."""
    return [found[0] for found in ENGLISH.finditer(_CODE.sub(" ", text))]


@lru_cache(4096)
def english_in_mail(octets: bytes) -> tuple[str, ...]:
    """Returns the lines with English words in a mail of ours that is in Dutch; none of another mail.

    Known for the same octets: each desk of a test sends the first mails of the others, to the letter.
    """
    text = words_of(octets)
    own = [line for line in _RULED.sub("", text).splitlines() if not _OTHERS.match(line)]
    if len(set(DUTCH.findall("\n".join(own)))) < 2:
        return ()
    return tuple(line for line in own if english_in(line))
