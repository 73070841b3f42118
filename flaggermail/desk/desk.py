# SPDX-License-Identifier: EUPL-1.2
"""Answers requests: a command in a transaction of its own, a view from one snapshot, to whoever has the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from flaggermail.archive import look_ups
from flaggermail.cases.configuration_record import require_registered
from flaggermail.commands import door
from flaggermail.commands.requests import naming_fields_of, read_request
from flaggermail.desk import readings, repeats
from flaggermail.desk.answers import AnswerReader, ViewAnswer, document_of
from flaggermail.desk.ground import DeskFiles
from flaggermail.desk.inspections import FOR_EVERYBODY, INSPECTIONS, inspect
from flaggermail.desk.presence import LooksNow, Presence
from flaggermail.desk.views import READS, VIEWS
from flaggermail.desk.views.view import ArchiveView, Document, OctetsView, View
from flaggermail.documents.octets import Octets
from flaggermail.errors import NotFound, ReadCancelled, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.readings import ReadItem
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.rota import EVERYBODY
from flaggermail.wording.refusals import CommandRefusal, ViewRefusal
from flaggermail.wording.said import ENGLISH


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an officer by id, or an account of this machine by its login name, which the rota knows or not.

    `language` is that of the sentences in answers. `direct`: they open the desk beside its door (`--direct`).
    `vouched`: a reverse proxy names the login.
    """

    officer: str | None = None
    login: str | None = None
    language: str = ENGLISH
    direct: bool = False
    vouched: bool = False


class Desk:
    """One desk, and one caller. Authority comes from the desk's own configuration, never from the caller."""

    def __init__(
        self, services: Callable[[], Services], caller: Caller, ground: DeskFiles | None = None, *,
        presence: Presence | None = None,
    ) -> None:  # fmt: skip
        """`presence` is that of the process, for all its desks; without one nobody is listed as looking."""
        self._services, self._caller, self._ground = services, caller, ground
        self._presence = presence or Presence()

    def answer(self, name: str, request: Mapping[str, Json] | None = None, *, key: str | None = None) -> Document:
        """Performs a command or returns a view, by its name: the words of the command line, such as "case show".

        The answer bears `version`. A command that names the `version` of the view it was decided on is refused if
        somebody has acted on the same thing since. A command with a `key` is done once within a day, however often it
        is sent. A view of a case, draft or mail bears `looking`: who else looked at it in the last two minutes. Raises
        Refusal, NotFound.
        """
        request = {} if request is None else request
        if not isinstance(name, str) or not isinstance(request, Mapping):
            raise Refusal(ViewRefusal.NO_REQUEST())
        if name in VIEWS:
            shown = None if issubclass(view_of(name), OctetsView) else self._show(name, request)
            if shown is None or isinstance(shown, Octets):
                raise Refusal(CommandRefusal.TO_BE_FETCHED(name=name))
            return shown
        if name in INSPECTIONS and self._ground is not None:
            if name in FOR_EVERYBODY:
                self._reader(self._services(), name, EVERYBODY)
            return inspect(self._ground, name, request)
        if name in door.COMMANDS:
            return self._perform(name, request, key)
        raise NotFound(ViewRefusal.NO_SUCH_REQUEST(name=name))

    def fetch(self, name: str, request: Mapping[str, Json] | None = None) -> Octets[Document]:
        """Returns the octets of a view that answers such; their facts bear `version`. Raises Refusal, NotFound."""
        of_octets = name in VIEWS and issubclass(view_of(name), OctetsView)
        found = self._show(name, {} if request is None else request) if of_octets else None
        if not isinstance(found, Octets):
            raise NotFound(CommandRefusal.NOT_TO_BE_FETCHED(name=name))
        return found

    def _perform(self, name: str, request: Mapping[str, Json], key: str | None) -> Document:
        env = self._services()
        actor = self._person(env)
        if actor is None:
            raise Refusal(CommandRefusal.NO_OFFICERS_LOGIN(login=self._caller.login or ""))
        with env.store.begin() as tx:
            require_registered(tx)
            work = UnitOfWork(
                env, tx, env.clock.now(), actor, login=self._login(env), direct=self._caller.direct,
                vouched=self._caller.vouched,
            )  # fmt: skip

            def done() -> dict[str, Json]:
                return document_of(door.ask(work, name, request), self._for(env))

            try:
                return done() if key is None else repeats.once(work, key, name, request, done)
            except Refusal as refusal:
                if not refusal.keeps:
                    raise
                refused = refusal
        raise refused

    def _login(self, env: Services) -> str:
        """Returns the login by which the officer is known; empty if another program vouches for them."""
        if self._caller.officer is not None:
            return ""
        login = self._caller.login or ""
        return login if env.settings.rota.by_login(login) else ""

    def _show(self, name: str, request: Mapping[str, Json]) -> Document | Octets[Document]:
        """Returns what a view answers. One that a replica cancels is asked once more. Raises Refusal, StoreFailure."""
        try:
            return self._shown(name, request)
        except ReadCancelled:
            return self._shown(name, request)

    def _shown(self, name: str, request: Mapping[str, Json]) -> Document | Octets[Document]:
        env, kind = self._services(), view_of(name)
        reader = self._reader(env, name, kind.MAY)
        view = read_request(kind, name, request, env.settings.zone)
        with env.store.read() as tx:
            head = tx.head()
            work = UnitOfWork(env, tx, env.clock.now(), reader)
            with naming_fields_of(view):
                found = view.show(work)
            facts = found.facts if isinstance(found, Octets) else found
            shown = document_of(facts, self._for(env)) if isinstance(facts, ViewAnswer) else facts
            case = view.about(work) if isinstance(view, ArchiveView) else None
            items = self._items(work, name, view, shown)
        if isinstance(view, ArchiveView):  # a view changes nothing: the desk records the reading, then shows
            with env.store.begin() as tx:
                look_ups.note(
                    UnitOfWork(env, tx, env.clock.now(), reader), name, view.asked(), case, goes_on=view.goes_on
                )
        document: Document = {**shown, "version": head.seq if head else 0}
        if items:
            readings.keep(work, view, items)
            document = {**document, "looking": self._looking(work, items)}
        return found.beside(document) if isinstance(found, Octets) else document

    def _items(self, work: UnitOfWork, name: str, view: View, shown: Document) -> tuple[ReadItem, ...]:
        """Returns the cases, drafts and mails that a view has shown."""
        return readings.items_of(work, name, view, shown) if name in READS else ()

    def _looking(self, work: UnitOfWork, items: tuple[ReadItem, ...]) -> list[Json]:
        """Returns who else looks at these now, and lets the others see that this person does."""
        rota, reader = work.env.settings.rota, self._for(work.env)
        others = self._presence.others(work.actor, items, work.now)
        self._presence.looked(work.actor, items, work.now)
        found = (LooksNow(officer=one.person, name=rota.name_of(one.person), at=one.at) for one in others)
        return [document_of(one, reader) for one in found]

    def _for(self, env: Services) -> AnswerReader:
        return AnswerReader(env.settings.zone, self._caller.language)

    def _reader(self, env: Services, name: str, may: frozenset[str]) -> str:
        """Returns the id of the person who asks for a view. Raises Refusal unless one of their roles may."""
        rota, person = env.settings.rota, self._person(env)
        roles = frozenset[str]() if person is None else rota.roles_of(person)
        if person is None or not roles:
            who = person or self._caller.login or ""
            raise Refusal(CommandRefusal.NO_READER(name=name, login=who))
        if not roles & may:
            raise Refusal(CommandRefusal.MAY_NOT_READ(name=name, actor=person, roles=sorted(may)))
        return person

    def _person(self, env: Services) -> str | None:
        """Returns the id of the officer or associate who asks; None for an account of nobody in oncall.yaml."""
        if self._caller.officer is not None:
            return self._caller.officer
        rota, login = env.settings.rota, self._caller.login
        found = (rota.by_login(login) or rota.associate_by_login(login)) if login else None
        return None if found is None else found.id


def view_of(name: str) -> type[View]:
    """Returns the class of a view in the table of views."""
    module, _, kind = VIEWS[name].partition(":")
    found: type[View] = getattr(import_module(module), kind)
    return found
