# SPDX-License-Identifier: EUPL-1.2
"""What every command is: a frozen value with its name, who may give it, what it is about and what it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from flaggermail.commands.named_rows import the_case, the_message
from flaggermail.commands.outcome import ActResult
from flaggermail.commands.requests import STRICT
from flaggermail.record.rows import Case, Record, StoredMessage
from flaggermail.services import UnitOfWork

Subject = tuple[tuple[type[Record], str | None], ...]
"""The rows that a command is about, by kind and key; a key of None stands for every row of the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(ABC):
    """Base class of every command.

    `NAME` is the request's name, in words of the command line; `MAY` holds the roles that may give it. With `BY_REPLY`,
    only a reply mail gives it, since what the mail proves is a condition of the command. `OF_A_MOMENT` holds the fields
    whose values are good once, such as a code: they are kept nowhere and shown to nobody again.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    NAME: ClassVar[str]
    MAY: ClassVar[frozenset[str]]
    BY_REPLY: ClassVar[bool] = False
    OF_A_MOMENT: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def subject(self, work: UnitOfWork) -> Subject:
        """Returns what it is about: an event about any of it may make the command outdated. Raises NotFound."""

    @abstractmethod
    def perform(self, work: UnitOfWork) -> ActResult:
        """Does it within `work`. Raises Refusal, after which nothing of `work` may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCommand(Command):
    """Base class of the commands about one case."""

    case: str

    def subject(self, work: UnitOfWork) -> Subject:
        """Returns the case."""
        return ((Case, the_case(work, self.case).number),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCommand(Command):
    """Base class of the commands about one message."""

    message: str

    def subject(self, work: UnitOfWork) -> Subject:
        """Returns the message."""
        return ((StoredMessage, the_message(work, self.message).id),)
