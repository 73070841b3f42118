# SPDX-License-Identifier: EUPL-1.2
"""A click in a dossier runs nothing that a stranger sent, and fetches nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, sync_playwright

from tests.unit.cli.conftest import Desk
from tests.unit.cli.test_cli_archive_export import (
    SCREENSHOT,
    Links,
    exported,
    filed,
    payload,
    safe_pages,
    with_attachments,
)

LINKED = {
    "photo.png": "image/png", "photo.PNG": "IMAGE/PNG", "a.b.jpeg": "image/jpeg", "letter.pdf": "application/pdf",
    "note.txt": "text/plain", "film.mp4": "video/mp4", "answer.json": "application/json", "x.exe.png": "image/png",
    # What is left of these names ends so, and the file has that name.
    "letter.pdf.": "application/pdf", "letter.pdf ": "application/pdf", "letter.pdf\u202e": "application/pdf",
}  # fmt: skip
PATHS = {
    "photo.jpg": "image/png", "note.txt ": "text/html", "a letter.pdf": "application/octet-stream",
    "photo.svg": "image/png", "page.html": "text/html", "page.ehtml": "text/html", "page.shtm": "text/plain",
    "page.xhtm": "text/plain", "page.HTM": "text/plain", "page.mht": "message/rfc822", "feed.xml": "text/plain",
    "run.hta": "text/plain", "run.js": "text/plain", "run.exe": "image/png", "run.url": "text/plain",
    "letter.pdf.lnk": "application/pdf", "\u202efdp.exe": "application/pdf", "letter.pdf\0.exe": "application/pdf",
    "letter.pdf::$DATA": "application/pdf", "letter.pdf%00.hta": "application/pdf",
    "letter.pdf#x.js": "application/pdf", "sum.csv": "text/csv", "macro.docm": "application/pdf",
    "letter.odt": "application/vnd.oasis.opendocument.text", "": "application/pdf", "png": "image/png",
    "noto.pn\u0261": "image/png", "archive.zip": "application/zip",
}  # fmt: skip
PAGE = b"<html><script>document.title = 'ran'</script><img src='http://127.0.0.1:4/x'><a href='//host.example'>x</a>"
BUNDLE = (
    b'From: <x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary=b\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\nContent-Location: http://host.example/\r\n\r\n" + PAGE + b"\r\n--b--\r\n"
)


def test_only_passive_types_are_linked(desk: Desk) -> None:
    """A name of a few endings, sent as what it is called, is a link; all else is its path in words."""
    wanted = [*LINKED.items(), *PATHS.items()]
    attached = ((name, SCREENSHOT + bytes([at])) for at, (name, _) in enumerate(wanted))
    number = filed(desk, with_attachments(*attached, types=[kind for _, kind in wanted]))
    data = exported(desk, number)
    safe_pages(data)
    page = (data / number / "index.html").read_text("utf-8")
    links = Links(page.encode()).links
    written = [path.relative_to(data / number).as_posix() for path in payload(data.parent) if "0001-" in path.name]
    assert len(written) == len(wanted)
    for at in range(len(wanted)):
        (path,) = (one for one in written if one.startswith(f"0001/0001-{at + 1}-"))
        assert (path in links) is (at < len(LINKED)), wanted[at]
        assert at < len(LINKED) or f"{path} (" in page


def note_address(asked: list[str], request: Request) -> None:
    """Adds the address of what a page asks for."""
    asked.append(request.url)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Starts Debian's Chromium; it is never fetched."""
    found = shutil.which("chromium")
    assert found is not None, "needed: the Debian package chromium"
    with sync_playwright() as playwright:
        # Inside a container there is no namespace for its sandbox, and as root there is none anywhere.
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.mark.outside
@pytest.mark.xdist_group("browser")
def test_no_click_runs_or_fetches_anything(desk: Desk, browser: Browser) -> None:
    """Each name holds a page with a script and a picture of a server; every link of the dossier is clicked."""
    wanted = {**LINKED, **PATHS, "mail.eml": "text/plain"}
    types = [*wanted.values()]
    number = filed(desk, with_attachments(*((name, PAGE) for name in wanted), types=types))
    data = exported(desk, number)
    (data / number / "0001" / "0001.eml").write_bytes(BUNDLE)  # the worst that a mail of a stranger could be
    index = data / number / "index.html"
    links = Links(index.read_bytes()).links
    assert sum("/0001-" in link for link in links) == len(LINKED)
    assert {"0001/0001.eml", "0001/0001.txt", "../index.html"} <= set(links)
    for link in links:
        with browser.new_context() as context:
            page = context.new_page()
            asked: list[str] = []
            context.on("request", partial(note_address, asked))
            page.goto(index.as_uri())
            page.click(f'a[href="{link}"]')
            page.wait_for_timeout(100)
            assert page.title() != "ran", link
            assert not [url for url in asked if url.startswith(("http:", "https:"))], link


def test_a_name_for_the_reader_is_no_address(desk: Desk) -> None:
    """A name that looks like an address, or like markup, leads nowhere but to its own file."""
    names = {"https://host.example/x.txt": "text/plain", "javascript:alert(1).txt": "text/plain",
             '"><a href="//host.example">.txt': "text/plain", "//host.example/..%2f.txt": "text/plain"}  # fmt: skip
    attached = with_attachments(*((name, SCREENSHOT) for name in names), types=[*names.values()])
    number = filed(desk, attached)
    data = exported(desk, number)
    links = Links((data / number / "index.html").read_bytes()).links
    assert sorted(link for link in links if "0001-" in link) == sorted(
        path.relative_to(data / number).as_posix() for path in Path(data / number / "0001").glob("0001-*.txt")
    )
    assert not [link for link in links if "host.example" in link or ":" in link]
