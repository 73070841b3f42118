# SPDX-License-Identifier: EUPL-1.2
"""Answers requests: a command in a transaction of its own, a view from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from flaggermail.commands.requests import read_request
from flaggermail.desk.answers import Answer, Reader, document_of
from flaggermail.desk.ground import DeskFiles
from flaggermail.desk.inspections import INSPECTIONS, inspect
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.view import ArchiveView, Document, View
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.refusals import ViewRefusal
from flaggermail.wording.said import ENGLISH


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an officer by id, or an account of this machine by its login name, which the rota knows or not.

    `entered_by` is the login with which the session began: the desk's own account belongs to no officer. `language`
    is that of the sentences in answers.
    """

    officer: str | None = None
    login: str | None = None
    entered_by: str | None = None
    language: str = ENGLISH


READER = "no reader of the archive"  # an account of nobody in oncall.yaml; no id has spaces


class Desk:
    """One desk, and one caller. Authority comes from the desk's own configuration, never from the caller."""

    def __init__(
        self, services: Callable[[], Services], caller: Caller, ground: DeskFiles | None = None, *,
        for_views: Callable[[], Services] | None = None,
    ) -> None:  # fmt: skip
        """`for_views` returns the same desk, of which parts may be missing until they are needed."""
        self._services, self._caller, self._ground = services, caller, ground
        self._for_views = for_views or services

    def answer(self, name: str, request: Mapping[str, Json] | None = None) -> Document:
        """Performs a command or returns a view, by its name: the words of the command line, such as "case show".

        The answer bears `version`. A command that names the `version` of the view it was decided on is refused if
        somebody has acted on the same thing since. Raises Refusal, NotFound.
        """
        request = {} if request is None else request
        if not isinstance(name, str) or not isinstance(request, Mapping):
            raise Refusal(ViewRefusal.NO_REQUEST())
        if name in VIEWS:
            return self._show(name, request)
        if name in INSPECTIONS and self._ground is not None:
            return inspect(self._ground, name, request)
        from flaggermail.commands import door  # noqa: PLC0415 - a view does without

        if name in door.COMMANDS:
            return self._perform(name, request)
        raise NotFound(ViewRefusal.NO_SUCH_REQUEST(name=name))

    def _perform(self, name: str, request: Mapping[str, Json]) -> Document:
        from flaggermail.commands import door  # noqa: PLC0415 - a view does without

        env = self._services()
        reader = self._reader(env)
        actor = self._officer(env) if reader == READER else reader  # the door says what an associate may do
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now(), actor, login=self._login(env))
            return document_of(door.ask(work, name, request), self._for(env))

    def _login(self, env: Services) -> str:
        """Returns the login by which the officer is known; empty if another program vouches for them."""
        if self._caller.officer is not None:
            return ""
        login = self._caller.login or ""
        return login if env.settings.rota.by_login(login) else self._caller.entered_by or ""

    def _show(self, name: str, request: Mapping[str, Json]) -> Document:
        env = self._for_views()
        view = read_request(view_of(name), name, request, env.settings.zone)
        reader = self._reader(env)
        with env.store.read() as tx:
            head = tx.head()
            work = UnitOfWork(env, tx, env.clock.now(), reader)
            if isinstance(view, ArchiveView):
                from flaggermail.archive import find  # noqa: PLC0415 - no other view needs it

                find.may_read(work, name)
            found = view.show(work)
            case = view.about(work) if isinstance(view, ArchiveView) else None
        if isinstance(view, ArchiveView):  # a view changes nothing: the desk records the reading, then shows
            with env.store.begin() as tx:
                find.note(UnitOfWork(env, tx, env.clock.now(), reader), name, view.asked(), case)
        document = document_of(found, self._for(env)) if isinstance(found, Answer) else found
        return {**document, "version": head.seq if head else 0}

    def _for(self, env: Services) -> Reader:
        return Reader(env.settings.zone, self._caller.language)

    def _reader(self, env: Services) -> str:
        """Returns the officer or associate who asks; anybody with access to the desk may read all but the archive."""
        try:
            return self._officer(env)
        except Refusal:
            rota = env.settings.rota
            logins = (self._caller.login, self._caller.entered_by)
            found = (rota.associate_by_login(login) for login in logins if login is not None)
            return next((associate.id for associate in found if associate is not None), READER)

    def _officer(self, env: Services) -> str:
        if self._caller.officer is not None:
            return self._caller.officer
        login, rota = self._caller.login or "", env.settings.rota
        officer = rota.by_login(login) or rota.by_login(self._caller.entered_by or "")
        if officer is None:
            raise Refusal(ViewRefusal.NO_OFFICERS_LOGIN(login=login))
        return officer.id


def view_of(name: str) -> type[View]:
    """Returns the class of a view in the table of views."""
    module, _, kind = VIEWS[name].partition(":")
    found: type[View] = getattr(import_module(module), kind)
    return found
