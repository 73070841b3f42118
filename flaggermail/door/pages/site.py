# SPDX-License-Identifier: EUPL-1.2
"""The pages at the door: each address answers a page, and a post to it sends the command of a form.

A form that is refused comes back with what was typed and a summary of what is wrong; one that was done is answered by
the page that shows it (RFC 9110, 15.4.4), so that going back or reading anew sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import cast
from urllib.parse import quote, unquote, urlencode

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from flaggermail import logbook
from flaggermail.desk import kept_forms
from flaggermail.door.application import OF_PROGRAMS, Asking, DoorApplication, problem_of_http
from flaggermail.door.negotiation import is_known
from flaggermail.door.pages import downloads
from flaggermail.door.pages.acts import Posted, posted
from flaggermail.door.pages.case_page import events_since
from flaggermail.door.pages.desk_pages import PAGES
from flaggermail.door.pages.forms import FormAim, FormTokens, new_key
from flaggermail.door.pages.page import SEARCH, DeskPage, FieldFault, PageRequest, RefusedForm
from flaggermail.door.pages.rendering import STATIC, person, rendered
from flaggermail.door.problems import PROBLEM_TYPE, Problem, problem_of
from flaggermail.errors import Refusal, StoreBusy, StoreFailure
from flaggermail.mail.message import Json
from flaggermail.ports import KeptForm
from flaggermail.settings.rota import Rota
from flaggermail.wording.door import DoorProblem, RepeatRefusal
from flaggermail.wording.pages import ScreenText
from flaggermail.wording.said import StoredText

HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MEDIA = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
ABOUT = "about"  # of a query: the mail of a list that the act was about
SINCE, REFRESH, EVERY = "since", "refresh", "60"
"""Of a query: the version that one has looked at, and that the page reloads by itself after so many seconds."""
LONGEST_VERSION = 18  # digits
DONE, WARNED = "done", "warned"
"""Of a query: that an act led here, as a token, and what it warns of, a line each, for which the token stands too."""


class DeskSite:
    """The pages of one desk; `secret` makes the tokens of their forms."""

    def __init__(self, door: DoorApplication, secret: bytes) -> None:
        self._door, self._tokens = door, FormTokens(secret)

    def blueprint(self) -> Blueprint:
        """Returns the addresses of the pages."""
        made = Blueprint("pages", __name__)
        for page in PAGES:
            made.add_url_rule(page.address, page.name, partial(self._page, page), methods=["GET", "POST"])
        made.add_url_rule(
            "/messages/<message>/attachments/<int:number>", "attachment", self._attachment, methods=["GET"]
        )
        made.add_url_rule(
            "/messages/<message>/pictures/<int:number>.png", "rendering", self._rendering, methods=["GET"]
        )
        made.add_url_rule("/static/<name>", "static_file", _static, methods=["GET"])
        made.register_error_handler(Exception, self._fault)
        made.after_request(_with_headers)
        return made

    def _page(self, page: DeskPage, **parts: str) -> Response:
        asking = self._door.asking()
        asked = PageRequest(asking.desk, asking.person, parts, request.args)
        if request.method == "POST":
            return self._act(page, asking, asked)
        try:
            answer = self._looked_at(page, asking, asked)
        except Refusal as refusal:
            if refusal.where not in page.searches:
                raise
            return self._misasked(page, asking, asked, refusal)
        if page.refreshes and asked.given(REFRESH) == EVERY:
            answer.headers["Refresh"] = EVERY  # HTML, 7.4.6; a page that is filled in never reloads by itself
        return answer

    def _looked_at(self, page: DeskPage, asking: Asking, asked: PageRequest) -> Response:
        """Answers the page, or that the one which the browser keeps is still so."""
        kept = self._kept(page, asking)
        if not page.keeps or kept:
            answer = self._shown(page, asking, asked, RefusedForm(kept=kept))
            answer.headers["Cache-Control"] = "no-store"
            return answer
        tag = self._door.tag(asking)
        unchanged = is_known(tag, request.headers.get("If-None-Match", ""))
        answer = Response(status=HTTPStatus.NOT_MODIFIED) if unchanged else self._shown(page, asking, asked)
        return self._door.with_tag(answer, tag)

    def _attachment(self, message: str, number: int) -> Response:
        found = self._door.asking().desk.fetch("message octets", {"message": message, "number": number})
        return downloads.attachment(found, number)

    def _rendering(self, message: str, number: int) -> Response:
        found = self._door.asking().desk.fetch("message picture", {"message": message, "number": number})
        return downloads.download(found.whole(), found.name, found.media_type)

    def _misasked(self, page: DeskPage, asking: Asking, asked: PageRequest, refusal: Refusal) -> Response:
        """Shows the search of a page as it was asked, with what is wrong beside the field."""
        words = refusal.said.in_language(asking.language)
        fault = FieldFault(refusal.where, words, refusal.wanted(asking.language) or None)
        texts = {name: (text,) for name, text in asked.query.items()}
        refused = RefusedForm(SEARCH, texts, (fault,), shown=page.searches)
        answer = self._shown(page, asking, replace(asked, misasked=True), refused)
        answer.status_code = int(HTTPStatus.UNPROCESSABLE_ENTITY)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _act(self, page: DeskPage, asking: Asking, asked: PageRequest) -> Response:
        """Sends the command of a form; shows the page anew, filled as it was, if the desk refuses."""
        form = posted(request, page.acts, asked.parts, self._tokens, asking.person)
        act = page.acts[form.act]
        try:
            if form.aim is not FormAim.ACT:
                self._keep(asking, form)
                return self._to(quote(request.path), request.args, asking, form.aim)
            if act.downloads:
                return self._file(asking, act.command, form.fields)
            found = asking.desk.answer(act.command, form.fields, key=form.key)
        except Exception as fault:
            problem = problem_of(fault)
            if problem is None:
                raise
            return self._refused(page, asking, asked, form, problem)
        if act.kept:
            with suppress(StoreBusy, StoreFailure):  # what was done is done
                asking.services.store.forms.discard(asking.person, request.path, form.act)
        warned = "\n".join(cast("list[str]", found["warnings"]))
        if act.after is not None:
            return self._to(act.after(form.fields, str(found.get("key") or "")), {}, asking, warned=warned)
        return self._to(quote(request.path), {**request.args.to_dict(), **_mail_of(form)}, asking, warned=warned)

    def _to(
        self, path: str, query: Mapping[str, str], asking: Asking, done: FormAim = FormAim.ACT, *, warned: str = ""
    ) -> Response:  # fmt: skip
        """Sends the browser to a page, which says what was done and what the act warns of."""
        told = self._tokens.done(asking.person, unquote(path), done, warned)
        kept = {name: text for name, text in {**query, WARNED: warned}.items() if name != WARNED or text}
        there = f"{path}?{urlencode({**kept, DONE: told})}"
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": there})

    @staticmethod
    def _kept(page: DeskPage, asking: Asking) -> Mapping[str, KeptForm]:
        """Returns what the person keeps of the page."""
        may = any(one.kept for one in page.acts.values())
        return kept_forms.kept(asking.services, asking.person, request.path) if may else {}

    @staticmethod
    def _keep(asking: Asking, form: Posted) -> None:
        """Keeps a form half filled, or discards what was kept."""
        env, person, path = asking.services, asking.person, request.path
        if form.aim is FormAim.KEEP:
            kept_forms.keep(env, person, path, form.act, version=form.version, texts=form.texts)
        else:
            env.store.forms.discard(person, path, form.act)

    def _file(self, asking: Asking, view: str, fields: Mapping[str, Json]) -> Response:
        """Returns a file that the desk makes, as a download; a page if the process that makes it met a problem."""
        found = self._door.fetched(asking, view, {name: str(value) for name, value in fields.items()})
        if found.mimetype == PROBLEM_TYPE:
            return self._of_problem(json.loads(found.get_data()), found.status_code)
        found.headers["Content-Security-Policy"] = downloads.POLICY
        return found

    def _refused(
        self, page: DeskPage, asking: Asking, asked: PageRequest, form: Posted, problem: Problem
    ) -> Response:  # fmt: skip
        document = problem.document(asking.language)
        where, wanted = document.get("where"), document.get("wanted")
        again = problem.said.code == RepeatRefusal.OF_ANOTHER_REQUEST  # as after Back, with something changed
        told = partial(_told, asking.services.settings.rota, asking.language)
        text = ScreenText.SENT_BEFORE.words(asking.language) if again else told(problem.said)
        fault = FieldFault(str(where) if where else None, text, str(wanted) if wanted else None)
        earlier = None if problem.earlier is None else told(problem.earlier)
        away = problem.status is HTTPStatus.SERVICE_UNAVAILABLE
        fields = page.acts[form.act].fields
        key, kept = form.key if away else None, self._kept(page, asking)
        refused = RefusedForm(form.act, form.texts, (fault,), earlier, fields, key, kept)
        if problem.status is HTTPStatus.CONFLICT and not again:
            recorded = partial(_recorded, asking.language)
            refused = replace(refused, since=events_since(asked, form.version), recorded=recorded)
        answer = self._shown(page, asking, asked, refused)
        answer.status_code = int(problem.status)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _shown(
        self, page: DeskPage, asking: Asking, asked: PageRequest, refused: RefusedForm | None = None
    ) -> Response:  # fmt: skip
        version = self._door.version(asking)  # first: what happens while the page is made is news
        state, rota = self._door.state(), asking.services.settings.rota
        warned = asked.given(WARNED) or ""
        done = self._tokens.what_is_done(asked.given(DONE) or "", asking.person, request.path, warned)
        key = refused.key if refused else None
        return self._rendered(page.template, asking.language, {
            "page": page, "me": asking.person, "vouched": asking.vouched,
            "person": partial(person, rota, asking.language),
            "token": self._tokens.token(asking.person, request.path), "new_key": lambda: key or new_key(),
            "path": request.path, "again": again, "version": version, "since": _number(asked.given(SINCE)),
            "refresh": asked.given(REFRESH) == EVERY, "every": EVERY,
            "officers": [(one.id, one.name) for one in rota.officers],
            "now": asking.services.clock.now().astimezone(asking.services.settings.zone).isoformat(),
            "state": state, "about": asked.given(ABOUT), "form": refused or RefusedForm(),
            "done": done, "warned": warned.splitlines() if done else (),
            **page.shown(asked),
        })  # fmt: skip

    def nowhere(self, fault: Exception) -> Response:
        """Answers an address that is none: as a page to a browser, which asks for one (RFC 9110, 12.5.1)."""
        wants_page = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(OF_PROGRAMS)
        return _with_headers(self._fault(fault)) if wants_page else self._door.fault(fault)

    def _fault(self, fault: Exception) -> Response:
        """Answers an error as a page, with the status and the words of the problem that it is."""
        problem = problem_of_http(fault) if isinstance(fault, HTTPException) else problem_of(fault)
        if problem is None:
            logbook.door_fault(fault)
            problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, DoorProblem.FAULT())
        answer = self._of_problem(problem.document(self._door.language()), int(problem.status))
        answer.headers.extend(problem.headers)
        return answer

    def _of_problem(self, document: Mapping[str, Json], status: int) -> Response:
        away = self._door.state() if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        values = {"problem": document, "page": None, "state": away}
        answer = self._rendered("problem.html", self._door.language(), values)
        answer.status_code = status
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @staticmethod
    def _rendered(template: str, language: str, values: Mapping[str, object]) -> Response:
        answer = Response(rendered(template, language, values), content_type=HTML)
        answer.headers["Content-Language"] = language
        return answer


def _told(rota: Rota, language: str, said: StoredText) -> str:
    """Returns a sentence for a person, in which whoever acted has a name; programs get the id."""
    who = said.detail("who")
    return (said.with_detail("who", rota.name_of(who)) if isinstance(who, str) else said).in_language(language)


def _recorded(language: str, value: str) -> str:
    said = ScreenText.NOW_RECORDED(value=value) if value else ScreenText.NOW_NOTHING()
    return said.in_language(language)


def add_pages(app: Flask, door: DoorApplication, secret: bytes) -> None:
    """Gives the pages of a desk to the application of its door."""
    site = DeskSite(door, secret)
    app.register_blueprint(site.blueprint())
    app.register_error_handler(HTTPStatus.NOT_FOUND, site.nowhere)


def again(**changes: str | None) -> str:
    """Returns the address of the page that is asked for, with other fields in its query; None takes one out."""
    kept = {**request.args.to_dict(), DONE: None, WARNED: None, ABOUT: None, **changes}
    query = urlencode({name: text for name, text in kept.items() if text})
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def _number(text: str | None) -> int | None:
    """Returns a version as an address has it; None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST_VERSION else None


def _mail_of(form: Posted) -> dict[str, str]:
    about = RefusedForm(texts=form.texts).about
    return {ABOUT: about} if about else {}


def _static(name: str) -> Response:
    kind = MEDIA.get(PurePosixPath(name).suffix)
    path = STATIC / name
    if kind is None or name != PurePosixPath(name).name or not path.is_file():
        raise Problem(HTTPStatus.NOT_FOUND, DoorProblem.NO_SUCH_ADDRESS(path=name[:80]))
    answer = Response(path.read_bytes(), content_type=kind)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _with_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
