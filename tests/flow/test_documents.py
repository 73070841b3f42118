# SPDX-License-Identifier: EUPL-1.2
"""Documents in LibreOffice and in Chromium: opened as they are, edited and read back; axe-core objects to nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.documents.html import page
from flaggermail.documents.model import Figure
from tests.corpus import one_in
from tests.doubles.sample_document import ARABIC, HARD, TITLES, sample, texts
from tests.patience import PATIENCE

MILLISECONDS = 1000 * PATIENCE
pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("browser")]

CELLS = one_in(2, [("nl", "light"), ("nl", "dark"), ("en", "dark"), ("en", "light"), ("nl", "print"), ("en", "print")])
WIDTHS = (320, 375, 769, 1200)
_WITHIN = """[...document.querySelectorAll('table, pre')].every(one => one.scrollWidth <= one.parentElement.clientWidth)
&& document.querySelector('[tabindex]') === null"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder in which LibreOffice saved the Dutch sample as PDF and as OpenDocument text."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "given").mkdir()
    given = folder / "given" / "document.odt"
    given.write_bytes(OfficeDocuments().odt(sample("nl")))
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
    for to in ("pdf", "odt"):
        convert = [*command, "--convert-to", to, "--outdir", str(folder), str(given)]
        subprocess.run(convert, check=True, capture_output=True)
    return folder


def squeezed(text: str) -> str:
    """Returns text without spaces."""
    return re.sub(r"[\s\u200b\u200d\u00ad]+", "", text)


def test_libreoffice_prints_every_word(office: Path) -> None:
    """LibreOffice opens the document without repair; its PDF has every word, the pictures' too, and the foot."""
    ran = subprocess.run(["pdftotext", str(office / "document.pdf"), "-"], check=True, capture_output=True, text=True)
    read = squeezed(ran.stdout)
    hard = {*HARD.split(), *ARABIC.split()}  # whether these are there depends on LibreOffice's fonts
    words = {squeezed(word) for text in texts(sample("nl")) for word in text.split() if word not in hard}
    lost = {word for word in words if word not in read and len(word) < 90}
    # A hyphen at the end of a line is taken for hyphenation, and the number of a note stands before a point.
    assert lost == {"--", "website."}
    assert squeezed("herinnering aan de medewerker") in read  # in the picture
    assert ran.stdout.count(TITLES["nl"]) >= 5  # the foot of each page


def test_what_libreoffice_saves_is_read(office: Path) -> None:
    """Loaded and saved by LibreOffice, the passages and each figure are what they were."""
    saved = (office / "document.odt").read_bytes()
    assert OfficeDocuments().read_odt(saved) == OfficeDocuments().read_odt(OfficeDocuments().odt(sample("nl")))
    content = ZipFile(office / "document.odt").read("content.xml").decode()
    assert content.count("<text:note ") == 6
    assert content.count("<svg:title>") == 2
    assert "<table:table-header-rows>" in content
    assert len(re.findall(r"<text:h [^>]*text:outline-level", content)) == 8


def test_what_a_person_edits_is_read(office: Path, tmp_path: Path) -> None:
    """Words that were changed in the file that LibreOffice saved are read, with the figure's name."""
    with ZipFile(office / "document.odt") as package:
        files = {name: package.read(name) for name in package.namelist()}
    content = files["content.xml"].decode()
    assert content.count(">2,5<") == 1
    files["content.xml"] = content.replace(
        ">2,5<", "><text:span>3</text:span><text:s/>,<text:span>5</text:span><"
    ).encode()
    saved = tmp_path / "edited.odt"
    with ZipFile(saved, "w") as package:
        for name, octets in files.items():
            package.writestr(name, octets)
    figures = [figure for passage in OfficeDocuments().read_odt(saved.read_bytes()) for figure in passage.figures]
    assert Figure("first/hours", "3 ,5") in figures
    assert len(figures) == 75


# ---------------------------------------------------------------- Chromium


@pytest.mark.parametrize(("language", "media"), CELLS)
def test_axe_objects_to_nothing(browser: Browser, tmp_path: Path, language: str, media: str) -> None:
    """On a telephone, on a screen and on paper, axe-core finds nothing; the page fits, and fetches nothing."""
    path = tmp_path / "document.html"
    path.write_text(page(sample(language, brief=True)), "utf-8")
    context = browser.new_context(color_scheme="dark" if media == "dark" else "light")
    context.set_default_timeout(MILLISECONDS)
    shown = context.new_page()
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("dialog", lambda dialog: asked.append(dialog.message))
    shown.on("console", lambda message: asked.append(message.text))
    shown.goto(path.as_uri())
    assert asked == [path.as_uri()]
    shown.emulate_media(media="print" if media == "print" else "screen")
    for wide in WIDTHS:
        shown.set_viewport_size({"width": wide, "height": 800})
        if media != "print":
            assert shown.evaluate("document.documentElement.scrollWidth") <= wide
            assert shown.evaluate(_WITHIN)
        found = Axe().run(shown)
        assert found.violations_count == 0, found.generate_report()
    context.close()


def test_paper_is_light(browser: Browser, tmp_path: Path) -> None:
    """In a dark scheme too, print takes the light colours and scrolls nothing."""
    path = tmp_path / "document.html"
    path.write_text(page(sample("nl")), "utf-8")
    context = browser.new_context(color_scheme="dark")
    context.set_default_timeout(MILLISECONDS)
    shown = context.new_page()
    shown.goto(path.as_uri())
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate("getComputedStyle(document.querySelector('pre')).backgroundColor") == "rgb(246, 248, 250)"
    context.close()
