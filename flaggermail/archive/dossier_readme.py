# SPDX-License-Identifier: EUPL-1.2
"""The page in each dossier that tells a stranger, in Dutch and English, what each file is and how to check them all."""

from __future__ import annotations

from pathlib import Path
from string import Template

from flaggermail.record.contacts import LanguageCode

FILE = "LEESMIJ-README.txt"
_TEXTS = {language: Path(__file__).with_name(f"dossier_readme.{language}.txt") for language in LanguageCode}


def readme(name: str, organisation_nl: str, organisation_en: str, as_of: str) -> bytes:
    """Returns the page in UTF-8. `as_of` is the instant of the last event, with its offset."""
    names = {LanguageCode.NL: organisation_nl, LanguageCode.EN: organisation_en}
    return "".join(
        Template(path.read_text("utf-8")).substitute(name=name, organisation=names[language], as_of=as_of)
        for language, path in _TEXTS.items()
    ).encode()
