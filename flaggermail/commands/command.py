# SPDX-License-Identifier: EUPL-1.2
"""What every command is: a frozen value with its name, the roles that may give it, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from flaggermail.commands.lookups import Outcome
from flaggermail.commands.requests import STRICT
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base class of every command. `NAME` is the request's name, in words of the command line."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    NAME: ClassVar[str]
    MAY: ClassVar[frozenset[str]]

    def perform(self, work: UnitOfWork) -> Outcome:
        """Does it within `work`. Raises Refusal, after which nothing of `work` may be kept."""
        raise NotImplementedError
