# SPDX-License-Identifier: EUPL-1.2
"""The application of the door (WSGI): an address and a person in, an answer of the desk out. It keeps nothing."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote, urlencode

from flask import Flask, Request, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed

from flaggermail import __version__, logbook, progress
from flaggermail.desk.desk import Caller, Desk
from flaggermail.desk.ground import DeskFiles
from flaggermail.desk.presence import Presence
from flaggermail.documents.octets import Octets
from flaggermail.door import catalogue, peers
from flaggermail.door.apart import RESTS_FOR, Children, GivenUp
from flaggermail.door.desk_health import DeskHealth
from flaggermail.door.negotiation import IF_MATCH, is_known, key_of, version_of, wants_progress
from flaggermail.door.problems import API_VERSION, PROBLEM_TYPE, Problem, problem_of, unavailable
from flaggermail.door.requests import read_body, read_query
from flaggermail.errors import ConfigurationError, MachineFailure
from flaggermail.mail.message import Json
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.wording.catalogues import languages
from flaggermail.wording.door import DoorProblem
from flaggermail.wording.said import language_of

JSON_TYPE = "application/json"
DESCRIPTION = "openapi.json"  # in the manual; `door.description` makes it, which takes seconds and memory
MOST_COMMAND, MOST_VIEW = 1_000_000, 16_000_000  # octets of a body; a view may be asked about files
AT_ONCE, TURN_WITHIN = 2, 5.0
"""Large tasks at once, and the seconds for which another waits for its turn: most parts of a dossier take less."""
STOPPING_AGAIN, HEAVY_AGAIN = 5, 10  # seconds after which a client may ask again
UID = "X_REMOTE_UID"  # of the environment of WSGI, by cheroot from the kernel
MOST_FAULTS = 20  # of a file, in one problem
GONE = "flaggermail.gone"
"""Names in the environment of WSGI a function that says whether the client has closed its connection."""
INTERIM = "flaggermail.interim"
"""Names in the environment of WSGI a function that sends an interim answer with the header Progress."""
PROXY = "flaggermail.proxy"
"""Names in the environment of WSGI the proxy of the socket (`peers.Proxy`); None where the kernel says who asks."""
VOUCHED = "flaggermail.vouched"  # in a process of the door: the login that the proxy named; no header can set it
OF_PROGRAMS = ("/v1/", "/health")  # where addresses begin that no person opens
SILENT_FOR = 5.0  # seconds after which a client that wants to know hears that its task goes on
SHOWN = 80  # characters of an address that a problem quotes

Document = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ServedState:
    """The number of the configuration in force, whether the daemon runs, and what its last status says.

    `silent_since`: the instant (ISO 8601) of the last status of a daemon that does not run; empty without one.
    `led_on`: the machine of the daemon that leads, if it is another than this door's: its findings are not known here.
    `primary_away`: views are read from a replica as it is, and nothing can be recorded.
    """

    configuration: int
    daemon: bool
    health: DeskHealth = field(default_factory=DeskHealth)
    silent_since: str = ""
    primary_away: bool = False
    led_on: str = ""


class DeskSource(Protocol):
    """The desk that the door serves, as it is now."""

    def services(self) -> Services:
        """Returns the services on the configuration in force. Raises ConfigurationError, StoreFailure, StoreBusy."""
        ...

    @property
    def ground(self) -> DeskFiles:
        """The files of the desk."""
        ...

    def state(self) -> ServedState:
        """Returns what an answer depends on beside the record."""
        ...

    def each_second(self) -> None:
        """Looks whether the desk was configured anew; called about once a second."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A request whose person is known; `vouched` if a proxy names them."""

    desk: Desk
    services: Services
    person: str
    language: str
    vouched: bool = False


class DoorApplication:
    """Answers requests for one desk. `stopping` says whether the door stops: then nothing new is begun."""

    def __init__(
        self, source: DeskSource, stopping: Callable[[], bool] = lambda: False,
        login_of: Callable[[int], str | None] = peers.login_name, apart: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`apart` is the command of a process for large tasks (`door.apart`); without one all is done here."""
        self._source, self._stopping, self._login_of = source, stopping, login_of
        self._children = Children(apart) if apart else None
        self._languages = languages()
        self._presence = Presence()
        self._heavy = threading.BoundedSemaphore(AT_ONCE)

    # ---- addresses

    def health(self) -> Response:
        """Answers that the door answers, to whoever reaches its socket."""
        return self._json({"ok": True, "version": __version__, "api_version": API_VERSION})

    def described(self) -> Response:
        """Answers the description of this interface, which holds nothing of the desk."""
        return Response((shipped("docs") / DESCRIPTION).read_bytes(), mimetype=JSON_TYPE)

    def view(self, name: str) -> Response:
        """Answers a view; by POST, its fields are in the body, as those that hold files are too long for a query."""
        found = catalogue.VIEW_AT.get(name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, DoorProblem.NO_SUCH_REQUEST(name=name[:SHOWN]))
        asking = self.asking()
        fields = _fields_of_view(found, request)
        tag = self.tag(asking) if request.method != "POST" else None
        if tag is not None and is_known(tag, request.headers.get("If-None-Match", "")):
            return self.with_tag(Response(status=HTTPStatus.NOT_MODIFIED), tag)
        with self._turn(found), _about_files(found):
            if self._children is not None and found in catalogue.APART:
                body = json.dumps(fields).encode() if request.method == "POST" else b""
                return self._by_child(self._children, request.environ, body)
            if catalogue.is_fetched(found):
                return _octets(asking.desk.fetch(found, fields))
            answer = self._told(self._json(asking.desk.answer(found, fields)))
        return answer if tag is None else self.with_tag(answer, tag)

    def fetched(self, asking: Asking, name: str, fields: Mapping[str, str]) -> Response:
        """Answers the octets of a view to a page; in a process of its own, with a problem of its own, if it is large.

        Raises Problem, Refusal, NotFound.
        """
        with self._turn(name):
            if self._children is None or name not in catalogue.APART:
                return _octets(asking.desk.fetch(name, fields))
            there = {
                "REQUEST_METHOD": "GET", "PATH_INFO": f"/v1/views/{name.replace(' ', '-')}",
                "QUERY_STRING": urlencode(fields),
            }  # fmt: skip
            return self._by_child(self._children, {**request.environ, **there}, b"")

    def command(self, name: str) -> Response:
        """Performs a command."""
        found = catalogue.COMMAND_AT.get(name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, DoorProblem.NO_SUCH_REQUEST(name=name[:SHOWN]))
        asking = self.asking()
        if request.query_string:
            raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.QUERY_UNWANTED())
        fields = _body(request, MOST_COMMAND)
        version, key = version_of(request.headers.get(IF_MATCH)), key_of(request.headers.get("Idempotency-Key"))
        if version is not None and fields.setdefault("version", version) != version:
            raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.TWO_VERSIONS(header=IF_MATCH), where="version")
        with self._turn(found):
            if self._children is not None and found in catalogue.APART:
                answer = self._by_child(self._children, request.environ, json.dumps(fields).encode())
                asking.services.store.catch_up()
                return answer
            return self._told(self._json(asking.desk.answer(found, fields, key=key)))

    # ---- what goes wrong

    def fault(self, fault: Exception) -> Response:
        """Answers an error as a problem; one of the program is logged, and its text goes nowhere."""
        if isinstance(fault, MethodNotAllowed):
            return self._other_method(fault)
        problem = problem_of_http(fault) if isinstance(fault, HTTPException) else problem_of(fault)
        if problem is None:
            logbook.door_fault(fault)
            problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, DoorProblem.FAULT())
        answer = self._json(problem.document(self.language()), problem.status, PROBLEM_TYPE)
        answer.headers.extend(problem.headers)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _other_method(self, fault: MethodNotAllowed) -> Response:
        allowed = ", ".join(sorted(fault.valid_methods or ()))
        if request.method == "OPTIONS":
            return Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
        said = DoorProblem.METHOD(method=request.method[:SHOWN], allowed=allowed)
        return self.fault(Problem(HTTPStatus.METHOD_NOT_ALLOWED, said, headers={"Allow": allowed}))

    # ---- parts

    def asking(self) -> Asking:
        """Returns who asks whom. Raises Problem for whoever belongs to nobody of the desk, and while the door stops."""
        if self._stopping():
            raise unavailable(DoorProblem.STOPPING(), STOPPING_AGAIN)
        env = self._source.services()
        vouched = request.environ.get(PROXY) is not None or VOUCHED in request.environ
        if vouched:
            login, person = peers.vouched_for(_named(), env.settings.rota)
        else:
            login, person = peers.person(_peer(), env.settings.rota, self._login_of)
        language = self.language()
        caller = Caller(login=login, language=language, vouched=vouched)
        desk = Desk(lambda: env, caller, self._source.ground, presence=self._presence)
        return Asking(desk, env, person, language, caller.vouched)

    def language(self) -> str:
        """Returns the language that the client asks for."""
        return language_of(request.headers.get("Accept-Language", ""), self._languages)

    @contextmanager
    def _turn(self, task: str) -> Iterator[None]:
        """Keeps large tasks few, and lets one that is done here say how far it is.

        Raises Problem if as many are under way as there may be and none of them ends, and once nobody waits for it.
        """
        if task not in catalogue.HEAVY:
            yield
            return
        if not self._heavy.acquire(timeout=TURN_WITHIN):
            raise unavailable(DoorProblem.TOO_MUCH_AT_ONCE(), HEAVY_AGAIN)
        try:
            with nullcontext() if task in catalogue.APART else progress.heard(self._waiting()):
                yield
        except GivenUp:
            raise unavailable(DoorProblem.STOPPING(), STOPPING_AGAIN) from None
        finally:
            self._heavy.release()

    def _by_child(self, children: Children, environ: Mapping[str, object], body: bytes) -> Response:
        """Lets a process of its own answer a request; it ends with the client, and with the door.

        Its body is short, or a file of which the first part is there once all of it is made.
        """
        child = children.take(self._source.state().configuration)
        named = _named()
        child.ask(environ if named is None else {**environ, VOUCHED: named}, body)
        status, headers = child.head(self._waiting())
        answer = Response(child.body(), status, headers)
        answer.call_on_close(lambda: children.rest(child))
        return answer

    def _waiting(self) -> Callable[[float | None], None]:
        """Returns what is called while a task is done: it raises GivenUp once nobody waits, and tells how far it is.

        It tells by interim answers (102, RFC 9110, 15.2), if the request asks for them.
        """
        gone: Callable[[], bool] = request.environ.get(GONE, lambda: False)
        interim = request.environ.get(INTERIM) if wants_progress(request.headers.get("Prefer", "")) else None
        stopping, done, due = self._stopping, 0.0, time.monotonic() + SILENT_FOR

        def waits(share: float | None) -> None:
            nonlocal done, due
            if gone() or stopping():
                raise GivenUp
            if interim is not None and (share is not None or time.monotonic() >= due):
                done = max(done, share or 0.0)
                try:
                    interim(f"{done:.4f}")
                except OSError:
                    raise GivenUp from None
                due = time.monotonic() + SILENT_FOR

        return waits

    def end_resting(self, *, all_of_them: bool = False) -> None:
        """Ends the processes for large tasks that have rested for long."""
        if self._children is not None:
            self._children.end(0.0 if all_of_them else RESTS_FOR)

    def tag(self, asking: Asking) -> str:
        """Returns the entity tag of what a view would answer now (RFC 9110, 8.8.3)."""
        with asking.services.store.read() as tx:
            head = tx.head()
        parts = (
            __version__, head.digest if head else "", asking.person, asking.language,
            f"{asking.services.clock.now():%Y-%m-%dT%H:%M}", astuple(self.state()), request.full_path,
        )  # fmt: skip
        return f'"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"'

    @staticmethod
    def version(asking: Asking) -> int:
        """Returns the number of the last event; what is read later may know of more."""
        with asking.services.store.read() as tx:
            head = tx.head()
        return head.seq if head else 0

    def state(self) -> ServedState:
        """Returns what an answer depends on beside the record."""
        return self._source.state()

    def _told(self, answer: Response) -> Response:
        """Returns the answer, which says whether the daemon runs: without it nothing is taken in or sent.

        It says as well that it is from a replica, while the primary is away.
        """
        state = self.state()
        since = f'; since="{state.silent_since}"' if state.silent_since else ""
        answer.headers["Daemon"] = "running" if state.daemon else f"not running{since}"
        if state.primary_away:
            answer.headers["Record"] = "replica; primary away"
        return answer

    @staticmethod
    def with_tag(answer: Response, tag: str) -> Response:
        """Returns the answer, which a client may keep and ask whether it is still so."""
        answer.headers["ETag"] = tag
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer

    def _json(
        self, document: Document, status: HTTPStatus = HTTPStatus.OK, kind: str = JSON_TYPE
    ) -> Response:  # fmt: skip
        # Half of a surrogate pair, which a body may hold, stays an escape (RFC 8259, 8.2).
        octets = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        answer = Response(octets, status, content_type=kind)
        answer.headers["Content-Language"] = self.language()
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _peer() -> int:
    return int(request.environ.get(UID, peers.NOBODY))


def _named() -> str | None:
    """Returns the login that a proxy names, or that it named to the door whose process this is; None for neither."""
    proxy: peers.Proxy | None = request.environ.get(PROXY)
    named: str | None = request.headers.get(proxy.header) if proxy else request.environ.get(VOUCHED)
    return named


def _refuse_past_proxy() -> None:
    """Raises Problem on the proxy's socket for every other account, and for what no person opens in a browser."""
    proxy: peers.Proxy | None = request.environ.get(PROXY)
    if proxy is None:
        return
    if _peer() != proxy.uid:
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.NOT_THE_PROXY())
    if request.path.startswith(OF_PROGRAMS):
        raise Problem(HTTPStatus.NOT_FOUND, DoorProblem.NO_SUCH_ADDRESS(path=request.path[:SHOWN]))


def door_application(application: DoorApplication) -> Flask:
    """Returns the WSGI application, with every address that the door has."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False  # one address for each thing, and no redirect to it
    app.add_url_rule("/health", view_func=application.health, endpoint="health")
    app.add_url_rule("/v1/openapi.json", view_func=application.described, endpoint="openapi")
    app.add_url_rule("/v1/views/<name>", view_func=application.view, methods=["GET", "POST"], endpoint="view")
    app.add_url_rule("/v1/commands/<name>", view_func=application.command, methods=["POST"], endpoint="command")
    app.register_error_handler(Exception, application.fault)
    app.before_request(_refuse_past_proxy)
    app.after_request(_with_fixed_headers)
    return app


def _with_fixed_headers(answer: Response) -> Response:
    answer.headers["API-Version"] = API_VERSION
    answer.headers["Vary"] = "Accept-Language"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if answer.status_code in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        del answer.headers["Content-Type"]
    return answer


def _fields_of_view(name: str, asked: Request) -> dict[str, Json]:
    if asked.method == "POST":
        if asked.query_string:
            raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.QUERY_UNWANTED())
        return _body(asked, MOST_VIEW)
    if asked.content_length:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.BODY_UNWANTED())
    return read_query(asked.query_string.decode("ascii", "replace"), catalogue.class_of(name), catalogue.LISTS)


@contextmanager
def _about_files(view: str) -> Iterator[None]:
    """Raises Problem for a fault in a file that was sent with the request; those of the desk's own pass."""
    try:
        yield
    except ConfigurationError as fault:
        if catalogue.class_of(view) is None or isinstance(fault, MachineFailure):
            raise
        said = DoorProblem.FILE_FAULTY(faults=list(fault.faults[:MOST_FAULTS]))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, said) from fault


def _body(asked: Request, most: int) -> dict[str, Json]:
    if asked.mimetype != JSON_TYPE or asked.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, DoorProblem.MEDIA_TYPE())
    if (asked.content_length or 0) > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, DoorProblem.BODY_TOO_LARGE(most=most))
    body = asked.get_data(cache=False)
    if len(body) != (asked.content_length or 0):  # the client has gone; what is there may be a request of its own
        raise ClientDisconnected
    return read_body(body)


def _octets(found: Octets[Document]) -> Response:
    """Returns the answer of octets; the facts beside them are one header, as JSON in ASCII."""
    answer = Response(iter(found.parts), content_type=str(found.media_type), direct_passthrough=True)
    if found.size is not None:
        answer.content_length = found.size
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"  # RFC 6266
    answer.headers["Facts"] = json.dumps(found.facts)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def problem_of_http(fault: HTTPException) -> Problem:
    """Returns the problem that a request is which reached no address, or did not arrive whole."""
    status = HTTPStatus(fault.code or HTTPStatus.BAD_REQUEST)
    if status is HTTPStatus.NOT_FOUND:
        return Problem(status, DoorProblem.NO_SUCH_ADDRESS(path=request.path[:SHOWN]))
    if isinstance(fault, ClientDisconnected):
        slow = isinstance(fault.__cause__ or fault.__context__, TimeoutError)
        status = HTTPStatus.REQUEST_TIMEOUT if slow else HTTPStatus.BAD_REQUEST
        return Problem(status, DoorProblem.TOO_SLOW(), headers={"Connection": "close"})
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Problem(status, DoorProblem.BODY_TOO_LARGE(most=MOST_VIEW))
    return Problem(status, DoorProblem.MALFORMED())
