# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.page_pictures FOLDER [NAME]...`: pictures of the pages of a desk that was played.

Each at 375 and 1,280 pixels, light, dark and printed, in Dutch and English, by the Chromium of Debian.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from flaggermail.record.rows import Case, StoredMessage
from tests.doubles.paged import OFFICER1, PlayedSource, pages_of
from tests.store.desk_fixtures import Desk
from tests.tools.played_night import night

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Scheme: TypeAlias = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS, LANGUAGES = (375, 1280), ("nl", "en")
CHROMIUM = "/usr/bin/chromium"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Says nothing."""


@contextmanager
def served(desk: Desk, uid: int = OFFICER1) -> Iterator[str]:
    """Serves the pages of a desk on loopback, to one person; yields the address."""
    with served_to(pages_of(PlayedSource(desk.env)), lambda: uid) as address:
        yield address


@contextmanager
def served_to(app: Flask, who: Callable[[], int]) -> Iterator[str]:
    """Serves pages on loopback to the account that `who` returns at each request; yields the address."""

    def asked(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app(environ | {"X_REMOTE_UID": str(who())}, start)

    with make_server("127.0.0.1", 0, asked, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def addresses(desk: Desk) -> dict[str, str]:
    """Returns the address of each page by a name for its picture."""
    case = next(one for one in desk.all(Case) if one.decision is not None)
    undecided = next(one for one in desk.all(Case) if one.decision is None)
    mail = next(one for one in desk.all(StoredMessage) if one.case == undecided.number)
    attached = next(one for one in desk.all(StoredMessage) if (one.subject or "").endswith("Schermafdruk"))
    (draft, *_) = [one for one in desk.notifications() if one.state == "draft"] or desk.notifications()
    return {
        "tonight": "/", "cases": "/cases", "open": "/cases/new", "case": f"/cases/{case.number}",
        "referral": f"/cases/{undecided.number}", "events": f"/cases/{case.number}/events",
        "assess": f"/cases/{undecided.number}/assess", "notify": f"/cases/{case.number}/notify",
        "note": f"/cases/{case.number}/note", "write": f"/cases/{undecided.number}/write",
        "correct": f"/cases/{case.number}/correct", "draft": f"/drafts/{draft.id}", "message": f"/messages/{mail.id}",
        "attached": f"/messages/{attached.id}", "picture": f"/messages/{attached.id}/pictures/1",
        "quarantine": "/quarantine", "outbox": "/outbox?everything=1",
    }  # fmt: skip


def pictures(browser: Browser, desk: Desk, folder: Path, wanted: set[str]) -> None:
    """Writes the pictures of the pages that are wanted, all if none is named."""
    with served(desk) as root:
        scheme: Scheme
        for language, width, scheme in product(LANGUAGES, WIDTHS, SCHEMES):
            context = browser.new_context(
                java_script_enabled=False, locale=language, color_scheme=scheme,
                viewport={"width": width, "height": 800}, extra_http_headers={"Accept-Language": language},
            )  # fmt: skip
            page = context.new_page()
            for name, address in addresses(desk).items():
                if not wanted or name in wanted:
                    page.goto(root + address)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}-{language}.png", full_page=True)
            context.close()


def main(folder: Path, *wanted: str) -> None:
    """Plays a night and writes the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        pictures(browser, night(Path(name)), folder, set(wanted))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
