# SPDX-License-Identifier: EUPL-1.2
"""What a page is: an address, a template, what it asks of the desk, and the acts of its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flaggermail.desk.desk import Desk
from flaggermail.door.pages.acts import PageAct
from flaggermail.door.pages.forms import HELD
from flaggermail.mail.message import Json
from flaggermail.ports import KeptForm

_NAMES_LINE = ("message", "mail", "reminder")  # the fields of a form in a list
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
    acts: Mapping[str, PageAct] = field(default_factory=dict)
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
    """A form that came back: the act, its fields as they were typed, and why it was refused; and what was kept."""

    act: str = ""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[FieldFault, ...] = ()
    earlier: str | None = None  # what somebody else did since the page was made
    shown: frozenset[str] = frozenset()  # the fields of the act
    key: str | None = None  # of a post of which nobody knows whether it was done: the next one must have it too
    kept: Mapping[str, KeptForm] = field(default_factory=dict)  # by act
    since: Sequence[Shown] = ()  # the events of the case since the version on which a stale form rests
    recorded: Callable[[str], str] | None = None  # of a stale form: says what the record has in a field

    @property
    def about(self) -> str:
        """The mail or reminder that the form names; empty where the page shows one mail alone."""
        return next((key for name in _NAMES_LINE for key in self.texts.get(name, ())), "")

    def anchor(self, name: str | None) -> str | None:
        """Returns the id of the element that holds a field, or the line that the form names; None if there is none."""
        if name in _NAMES_LINE:
            return self.about or None
        return f"{self.act}-{name}{self.about}" if name in self.shown else None

    def text(self, act: str, name: str, recorded: object = "") -> str:
        """Returns what a field holds: what was typed, or else what the record has."""
        typed = self._typed(act)
        if typed is not None:
            return next(iter(typed.get(name, ())), "")
        return "" if recorded is None else str(recorded)

    def chosen(self, act: str, name: str, value: str, recorded: object = None) -> bool:
        """True for a choice that was made, or that the record has; nothing is chosen beforehand."""
        typed = self._typed(act)
        if typed is not None:
            return value in typed.get(name, ())
        return value in map(str, recorded) if isinstance(recorded, list) else str(recorded) == value

    def held(self, act: str, name: str, recorded: object) -> bool:
        """True for a field that the record had filled when the person saw the page: left empty, it is emptied."""
        typed = self._typed(act)
        return recorded not in (None, "", []) if typed is None else name in typed.get(HELD, ())

    def now(self, act: str, name: str, recorded: object, words: Iterable[tuple[str, str]] = ()) -> str:
        """Returns what the record has in a field of a stale form, if that is not what was typed; else nothing.

        `words` are those for the values of a closed set.
        """
        if self.recorded is None or self.act != act:
            return ""
        several = recorded if isinstance(recorded, list) else [recorded]
        values = [str(one) for one in several if one not in {None, ""}]
        typed = [one for one in self.texts.get(name, ()) if one]
        if sorted(values) == sorted(typed) or not (values or self.held(act, name, recorded)):
            return ""
        known = dict(words)
        return self.recorded(", ".join(known.get(one, one) for one in values))

    def kept_at(self, act: str) -> str | None:
        """Returns when the form of an act was kept; None if the form is not what was kept."""
        return self.kept[act].at.isoformat() if act in self.kept and self.act != act else None

    def version(self, act: str, shown: int) -> int:
        """Returns the version that a form rests on: of the page that was kept, or of this one."""
        kept = self.kept[act].version if self.kept_at(act) else None
        return shown if kept is None else kept

    def _typed(self, act: str) -> Mapping[str, tuple[str, ...]] | None:
        if self.act == act:
            return self.texts
        return self.kept[act].texts if act in self.kept else None

    def fault(self, act: str, name: str) -> FieldFault | None:
        """Returns what is wrong with a field of an act."""
        return next((one for one in self.faults if self.act == act and one.field == name), None)
