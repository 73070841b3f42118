# SPDX-License-Identifier: EUPL-1.2
"""The acts of a story done on the pages of a desk in a browser without script, by mouse or by keyboard alone.

What an officer types at the command line is read by the command line's own parser; the command and fields that it makes
of it are looked for on the pages: the links that lead there, the form of that act, its fields, its button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from playwright.sync_api import Locator, Page

from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.desk.views import VIEWS
from flaggermail.mail.message import Json
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.sections import ByReply
from tests.doubles.paged import LOGINS, PlayedSource, pages_of
from tests.tools.page_pictures import served_to

MOST_TABS = 150
UIDS = {officer: uid for uid, officer in LOGINS.items()}
WAYS: Mapping[str, tuple[str, str]] = {
    "case open": ("/cases /cases/new", "open"),
    "case assess": ("/cases /cases/{case} /cases/{case}/assess", "assess"),
    "case decide": ("/cases /cases/{case} /cases/{case}/assess", "decide"),
    "case link": ("/cases /cases/{case} /cases/{case}/correct", "link"),
    "case note": ("/cases /cases/{case} /cases/{case}/note", "note"),
    "notify": ("/cases /cases/{case} /cases/{case}/notify", "notify"),
    "approve": ("/cases /cases/{of} /drafts/{draft}", "approve"),
}
"""Of each command the links that one follows from the first page, and the act of its form."""


class DoneOnPage(Exception):
    """The act was done, so that the command line has nothing more to do."""


@dataclass
class OfficersAtScreens:
    """Does the acts of a story, each on the pages of its desk as that officer sees them; counts them."""

    page: Page
    keyboard: bool = False
    acts: int = 0

    def typed(self, env: Services, officer: str, words: Sequence[str]) -> str:
        """Does what a command line says, as that officer; has the form of `stories.replay.Command`."""
        session = _SessionAtScreen(env.settings.directory, given=env, officer=officer)
        by_login = replace(env, settings=with_logins_alone(env.settings))
        with served_to(pages_of(PlayedSource(by_login)), lambda: UIDS[officer]) as root:
            session.does = partial(self.do, root)
            try:
                commands.main(args=list(words), prog_name="flaggermail", obj=session, standalone_mode=False)
            except DoneOnPage:
                return ""
        raise AssertionError(f"nothing was done on a page: {words}")

    def do(self, root: str, command: str, request: Mapping[str, Json]) -> None:
        """Finds the form of a command from the first page on, fills it in, and sends it."""
        way, act = WAYS[command]
        given = {name: value for name, value in request.items() if value not in (None, False, "", [], ())}
        named = {name: str(value) for name, value in given.items()}
        self.page.goto(root)
        for link in way.format(**named, of=named.get("draft", "").rpartition("/")[0]).split(" "):
            self._press(self.page.locator(f"main a[href='{link}'], nav a[href='{link}']").first)
        form = self.page.locator(f"form:has(input[name=act][value={act}])")
        for fold in form.locator("xpath=ancestor::details[not(@open)]/summary").all():
            self._open(fold)
        fixed = {"case", "draft"}
        for name in form.locator("[name]").evaluate_all("all => [...new Set(all.map(one => one.name))]"):
            if name in given and name not in fixed:
                fixed.add(name)
                self._fill(form, name, given[name])
        assert given.keys() <= fixed, f"no field on the page for {given.keys() - fixed}"
        self._press(form.locator("button[type=submit]").first)
        assert self.page.locator(".summary").count() == 0, self.page.locator(".summary").inner_text()
        self.acts += 1

    def _fill(self, form: Locator, name: str, value: Json) -> None:
        fields = form.locator(f"[name='{name}']:not([type=hidden])")
        kind = fields.first.evaluate("one => one.tagName == 'INPUT' ? one.type : one.tagName")
        if kind in {"radio", "checkbox"}:
            for word in _words(value):
                self._choose(fields, word, kind)
        elif kind == "SELECT":
            self._select(fields.first, str(value))
        elif self.keyboard:
            self._reach(fields.first)
            self.page.keyboard.type(" ".join(_words(value)))
        else:
            fields.first.fill(" ".join(_words(value)))

    def _choose(self, fields: Locator, word: str, kind: str) -> None:
        values = fields.evaluate_all("all => all.map(one => one.value)")
        number = values.index(word)
        if not self.keyboard:
            fields.nth(number).check()
        elif kind == "checkbox":
            self._reach(fields.nth(number))
            self.page.keyboard.press("Space")
        else:  # the Tab key reaches the first of a group, and arrows the others
            self._reach(fields.first)
            for key in ["Space", *["ArrowDown"] * number]:
                self.page.keyboard.press(key)

    def _select(self, field: Locator, word: str) -> None:
        if not self.keyboard:
            field.select_option(word)
            return
        self._reach(field)
        for _ in range(field.locator("option").evaluate_all("all => all.map(one => one.value)").index(word)):
            self.page.keyboard.press("ArrowDown")

    def _open(self, fold: Locator) -> None:
        """Unfolds what is folded."""
        if self.keyboard:
            self._reach(fold)
            self.page.keyboard.press("Enter")
        else:
            fold.click()

    def _press(self, element: Locator) -> None:
        """Follows a link, or presses a button."""
        with self.page.expect_navigation():
            if self.keyboard:
                self._reach(element)
                self.page.keyboard.press("Enter")
            else:
                element.click()

    def _reach(self, element: Locator) -> None:
        """Holds Tab down until an element has the focus, which is seen."""
        wanted = element.element_handle()
        for _ in range(MOST_TABS):
            self.page.keyboard.down("Tab")  # again without a release: as a key that repeats, one step each
            if wanted is not None and wanted.evaluate("one => one === document.activeElement"):
                self.page.keyboard.up("Tab")
                outline = wanted.evaluate("one => getComputedStyle(one).outlineStyle")
                assert outline != "none", f"the focus is not seen on {wanted.evaluate('one => one.outerHTML')}"
                return
        raise AssertionError(f"not reached by Tab at {self.page.url}: {element}")


def with_logins_alone(settings: Configuration) -> Configuration:
    """Returns the settings with approvals that need no code on a page, as they need none at the command line."""
    approval = settings.desk.approval.model_copy(update={"by_reply": ByReply.OFF})
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"approval": approval})})


class _SessionAtScreen(Session):
    """Asks the desk for views, and does a command on its page."""

    does: Callable[[str, Mapping[str, Json]], None]

    def ask(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        if name in VIEWS:
            return super().ask(name, **request)
        self.does(name, request)
        raise DoneOnPage


def _words(value: Json) -> Iterator[str]:
    """Yields the values of a field as a form has them."""
    several = value if isinstance(value, list | tuple) else [value]
    return (str(one).lower() if isinstance(one, bool) else str(one) for one in several)
