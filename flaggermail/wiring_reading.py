# SPDX-License-Identifier: EUPL-1.2
"""The part of `wiring` that needs neither database nor servers, apart because those take a second to load."""

from __future__ import annotations

from flaggermail.adapters.parse_worker import ContainedParser
from flaggermail.ports import Parser
from flaggermail.shipped import shipped


def parser() -> Parser:
    """The parser in its own process, with the limits that hold for mail of strangers."""
    return ContainedParser(shipped("rules"))
