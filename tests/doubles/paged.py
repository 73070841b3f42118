# SPDX-License-Identifier: EUPL-1.2
"""Reads the pages of a desk and sends their forms, as a browser without script does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from flaggermail.desk.ground import DeskFiles
from flaggermail.door.application import DoorApplication, ServedState, door_application
from flaggermail.door.desk_health import DeskHealth
from flaggermail.door.pages.site import add_pages
from flaggermail.services import Services
from flaggermail.wiring.opening import desk_files
from tests.store.desk_fixtures import CONFIG

LOGINS = {1001: "officer1", 1002: "officer2", 1003: "archivist1", 1004: "head1", 1009: "stranger"}
OFFICER1, OFFICER2, ARCHIVIST, HEAD, STRANGER = LOGINS
OK, SEEN, FORBIDDEN = 200, 303, 403


@dataclass
class PlayedSource:
    """The services of a played desk, whose daemon runs or does not."""

    env: Services
    running: bool = True
    health: DeskHealth = field(default_factory=DeskHealth)

    @property
    def ground(self) -> DeskFiles:
        """The files of the shipped configuration of tests."""
        return desk_files(CONFIG)

    def services(self) -> Services:
        """Returns the services."""
        return self.env

    def each_second(self) -> None:
        """Does nothing: this desk is not configured anew."""

    def state(self) -> ServedState:
        """Returns that nothing is wrong, or what a test says."""
        return ServedState(1, daemon=self.running, health=self.health)


@dataclass
class ShownForm:
    """A form of a page: its fields as a browser would send them if nobody touched them, in their order."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @property
    def act(self) -> str:
        """The act that it sends; empty for a search."""
        return dict(self.fields).get("act", "")


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[ShownForm] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._address, self._area, self._form, self._hidden = address, "", None, 0

    _form: ShownForm | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = ShownForm(given.get("action", self._address), given.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        if self._form is None or "name" not in given:
            return
        self._form.names.add(given["name"])
        if tag == "textarea":
            self._area = given["name"]
            self._form.fields.append((self._area, ""))
        elif tag == "input" and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            self._form.fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            name, before = self._form.fields[-1]
            self._form.fields[-1] = (name, before + (data if before else data.removeprefix("\n")))  # HTML, 13.2.6.4.7
        elif data.strip():
            self.texts.append(" ".join(data.split()))


@dataclass(frozen=True)
class SeenPage:
    """A page as a person sees it."""

    address: str
    status: int
    headers: Mapping[str, str]
    html: str
    forms: tuple[ShownForm, ...]
    links: tuple[str, ...]
    words: str

    def form(self, act: str) -> ShownForm:
        """Returns the first form of an act."""
        return next(one for one in self.forms if one.act == act)


def pages_of(source: PlayedSource) -> Flask:
    """Returns the application of a door with the pages of a desk."""
    application = DoorApplication(source, login_of=LOGINS.get)
    app = door_application(application)
    add_pages(app, application, b"a secret of this desk")
    return app


class Browser:
    """One person at the pages of a desk; `environ` is what the server of a door adds for its socket."""

    environ: Mapping[str, object] = {}

    def __init__(self, source: PlayedSource, uid: int = OFFICER1, language: str = "en") -> None:
        self._client: FlaskClient = pages_of(source).test_client()
        self.uid, self.language = uid, language

    def as_(self, uid: int) -> Browser:
        """Returns another person at the same door."""
        made = object.__new__(Browser)
        made.__dict__ |= self.__dict__ | {"uid": uid}
        return made

    def look(self, address: str, **headers: str) -> SeenPage:
        """Returns the page at an address."""
        return self._seen(address, self._open(address, "GET", headers))

    def fetch(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """Returns the headers and the octets of a file."""
        answer = self._open(address, "GET", {})
        return dict(answer.headers), answer.get_data()

    def saved(self, page: SeenPage, act: str) -> tuple[Mapping[str, str], bytes]:
        """Sends a form that nobody filled in, and returns the headers and the octets of the file that it makes."""
        form = page.form(act)
        answer = self._open(form.action, "POST", {}, data=dict(form.fields))
        return dict(answer.headers), answer.get_data()

    def send(
        self, page: SeenPage, act: str, *, headers: Mapping[str, str] | None = None, **fields: str | list[str]
    ) -> SeenPage:
        """Sends a form with these fields filled in, and follows to the page that is shown then."""
        answer = self.post(page, act, headers=headers, **fields)
        if answer.status == SEEN:
            return self.look(answer.headers["Location"])
        return answer

    def post(
        self, page: SeenPage, act: str, *, headers: Mapping[str, str] | None = None, **fields: str | list[str]
    ) -> SeenPage:
        """Sends a form, and returns what is answered."""
        form = page.form(act)
        assert fields.keys() <= form.names, fields.keys() - form.names
        kept = [(name, text) for name, text in form.fields if name not in fields]
        filled = [
            (name, text) for name, given in fields.items() for text in (given if isinstance(given, list) else [given])
        ]
        data: dict[str, list[str]] = {}
        for name, text in kept + filled:
            data.setdefault(name, []).append(text)
        address = form.action.partition("#")[0]
        return self._seen(address, self._open(address, "POST", headers or {}, data=data))

    def _open(self, address: str, method: str, headers: Mapping[str, str], **more: Any) -> Any:  # noqa: ANN401 - werkzeug's
        given = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": self.language, **headers}
        return self._client.open(
            address,
            method=method,
            headers=given,
            environ_overrides={"X_REMOTE_UID": str(self.uid), **self.environ},
            **more,
        )

    @staticmethod
    def _seen(address: str, answer: Any) -> SeenPage:  # noqa: ANN401 - as above
        reader = _Reader(address.partition("?")[0])
        html = answer.get_data(as_text=True)
        reader.feed(html)
        return SeenPage(
            address, answer.status_code, dict(answer.headers), html, tuple(reader.forms), tuple(reader.links),
            " ".join(reader.texts),
        )  # fmt: skip
