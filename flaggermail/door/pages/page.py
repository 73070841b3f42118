# SPDX-License-Identifier: EUPL-1.2
"""What a page is: an address, a template, what it asks of the desk, and the acts of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flaggermail.desk.desk import Desk
from flaggermail.door.pages.acts import PageAct
from flaggermail.mail.message import Json

_NAMES_MAIL = ("message", "mail")  # the fields of a form in a list
Shown: TypeAlias = "dict[str, Any]"  # a document of the desk, as a template reads it


SEARCH = "search"  # the act of a search in a `RefusedForm`; it sends no command
ON_A_PAGE, CARDS = 50, 15
"""Lines of a list, and mails of one whose every mail has forms of its own."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page as it is asked for: by whom, the parts of its address, and its query."""

    desk: Desk
    person: str
    parts: Mapping[str, str]
    query: Mapping[str, str]
    misasked: bool = False  # a field of the search is wrong: the list is not asked for

    def ask(self, name: str, /, **request: Json) -> Shown:
        """Returns what the desk answers to a view. Raises Refusal, NotFound."""
        return dict(self.desk.answer(name, {key: value for key, value in request.items() if value is not None}))

    def given(self, name: str) -> str | None:
        """Returns a field of the query; None if it is empty."""
        return self.query.get(name) or None


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page. `shown` asks the desk and returns the values of the template; `acts` are those of its forms by name."""

    address: str
    template: str
    shown: Callable[[PageRequest], Mapping[str, object]]
    acts: Callable[[Mapping[str, str]], Mapping[str, PageAct]] = lambda _: {}
    keeps: bool = True  # a browser may keep it and ask whether it is still so; not the text of a mail
    searches: frozenset[str] = frozenset()  # the fields of its search, whose faults are shown beside them
    refreshes: bool = False  # it has nothing to fill in, so a reader may let it reload by itself
    part: str = ""  # the part of the desk that is marked in the navigation

    @property
    def name(self) -> str:
        """The page's name, by its template."""
        return self.template.removesuffix(".html")


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with a field of a form, or with the form (no field), and what would be right."""

    field: str | None
    text: str
    wanted: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """A form that came back: the act, its fields as they were typed, and why it was refused."""

    act: str = ""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[FieldFault, ...] = ()
    earlier: Mapping[str, Any] | None = None  # what somebody else did since the page was made
    shown: frozenset[str] = frozenset()  # the fields of the act
    key: str | None = None  # of a post of which nobody knows whether it was done: the next one must have it too

    @property
    def about(self) -> str:
        """The mail that the form names; empty where the page shows one alone."""
        return next((key for name in _NAMES_MAIL for key in self.texts.get(name, ())), "")

    def anchor(self, name: str | None) -> str | None:
        """Returns the id of the element that holds a field, or of the mail that it names; None if there is none."""
        if name in _NAMES_MAIL:
            return self.about or None
        return f"{self.act}-{name}{self.about}" if name in self.shown else None

    def text(self, act: str, name: str, kept: object = "") -> str:
        """Returns what a field holds: what was typed, or else what the record has."""
        if self.act == act:
            return next(iter(self.texts.get(name, ())), "")
        return "" if kept is None else str(kept)

    def chosen(self, act: str, name: str, value: str, kept: object = None) -> bool:
        """True for a choice that was made, or that the record has; nothing is chosen beforehand."""
        if self.act == act:
            return value in self.texts.get(name, ())
        return value in map(str, kept) if isinstance(kept, list) else kept is not None and str(kept) == value

    def fault(self, act: str, name: str) -> FieldFault | None:
        """Returns what is wrong with a field of an act."""
        return next((one for one in self.faults if self.act == act and one.field == name), None)
