# SPDX-License-Identifier: EUPL-1.2
"""The part of `wiring` that needs neither database nor servers, apart because those take a second to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.shipped import shipped

if TYPE_CHECKING:  # the ports alone would be a tenth of what `parse` takes to start
    from pathlib import Path

    from flaggermail.mail.vocabulary import Language
    from flaggermail.ports import Parser


def parser() -> Parser:
    """The parser in its own process, with the limits that hold for mail of strangers."""
    return ContainedParser(shipped("rules"))


def mail_words(rules: Path) -> Language:
    """The words in the folder `rules` by which mails are read; raises ConfigurationError with every fault in them."""
    from flaggermail.adapters.parsing.vocabulary_file import read_language  # noqa: PLC0415 - the child of `parser` loads it

    return read_language(rules)
