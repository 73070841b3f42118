# SPDX-License-Identifier: EUPL-1.2
"""What a reply answers, and what was read in it: requests to the desk, or why it does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.record.case_values import Topic
from flaggermail.replies import case_form
from flaggermail.replies.case_form import Channels
from flaggermail.replies.left_over import ReplyWriter
from flaggermail.replies.phrases import folded
from flaggermail.replies.request import Request
from flaggermail.settings.reply_words import ReplyWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The mail that was replied to, and what the reply may refer to."""

    topic: Topic
    officer: str  # id of the replying officer
    language: str  # of the desk
    came_at: datetime  # in the desk's zone
    words: ReplyWords
    writer: ReplyWriter
    case: str = ""
    notification: str | None = None
    channel: str | None = None  # of that notification
    means: str = "phone"  # how that channel is reached if it takes no mail
    submits: str = "notification"  # what submitting that text counts as; follow_up for a follow-up
    names: Callable[[str], str | None] = lambda _code: None  # a written code -> this officer's draft or device for it
    device: str = ""  # that the mail asks a first code of
    message: str = ""  # the received mail, or the mail of ours in doubt
    tried_at: datetime | None = None  # when the mail in doubt was last handed to the server
    reminder: str = ""
    officers: Mapping[str, str] | None = None  # names by id
    form: case_form.SentForm | None = None
    channels: Channels = ()

    @property
    def own_names(self) -> frozenset[str]:
        """The names with which this officer may sign, folded."""
        name = (self.officers or {}).get(self.officer, "")
        return frozenset(map(folded, names_of(self.officer, name))) if name else frozenset()


@dataclass(frozen=True, slots=True)
class Understood:
    """What to ask of the desk in this order, all or none; `language` is that of the words."""

    requests: tuple[Request, ...]
    language: str
    repeatable: bool = False  # may be repeated in reply to the same mail
    replaces: bool = False  # said again, it replaces what was done, until somebody acted on that
    left_over: tuple[str, ...] = ()  # lines beside it that asked for nothing known, shown with what is done


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The reason why nothing is done, its details, and what would have been understood."""

    why: ReplyRefusal
    language: str
    details: tuple[str, ...] = ()
    would_work: tuple[str, ...] = ()
    line: str = ""  # that was read and refused, as its writer sees it
    in_the_way: str = ""  # the word or words of it that were
    code_spent: bool = False  # a good code in the mail does nothing more


def names_of(key: str, name: str) -> Iterator[str]:
    """Yields the names of an officer: id, full name, and any last words of it ("De Vries", "Vries")."""
    yield key.casefold()
    words = name.casefold().split()
    yield from (" ".join(words[at:]) for at in range(len(words)))
    yield words[0]
