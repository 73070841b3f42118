# SPDX-License-Identifier: EUPL-1.2
"""The page and the pictures in Debian's Chromium: nothing that axe-core objects to, and text where it was reckoned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from flaggermail.figures.figures_page import page
from flaggermail.figures.looks import WIDTH
from flaggermail.figures.upright import svg
from flaggermail.figures.uses import Figures
from tests.corpus import one_in
from tests.doubles.sample_uses import HOSTILE, TELLINGS, USES, figures, of_june, thirteen
from tests.patience import PATIENCE

MILLISECONDS = 1000 * PATIENCE
pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("browser")]

CELLS = [(wide, scheme) for wide in (375, 1200) for scheme in ("dark", "light")]
PAGES: Mapping[str, Figures] = {
    "no use": figures(),
    "one": figures(of_june()),
    "several": figures(*(one for name, one in USES.items() if "names" not in name)),
    "thirteen": thirteen(),
    "open": figures(USES["open"], USES["open matter"], USES["open with an automatic receipt"]),
    "hostile names": figures(USES["hostile names"], USES["long names"]),
}
LANGUAGES = ("nl", "en")
_SHOWN = "[...document.querySelectorAll('figure svg')].filter(one => getComputedStyle(one).display !== 'none')"
_TEXTS = f"""() => {_SHOWN}.map(picture => {{
    const whole = picture.getBoundingClientRect();
    return [...picture.querySelectorAll("text")].map(text => {{
        const box = text.getBoundingClientRect();
        return [text.textContent, box.left - whole.left, box.right - whole.left, box.top - whole.top,
            box.bottom - whole.top, whole.width, whole.height];
    }});
}})"""


def opened(browser: Browser, document: str, folder: Path, wide: int, scheme: str) -> Page:
    """Opens a document from a file, in a window of that width; anything fetched or run fails the test."""
    path = folder / "page.html"
    path.write_text(document, "utf-8")
    context = browser.new_context(
        viewport={"width": wide, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    context.set_default_timeout(MILLISECONDS)
    shown = context.new_page()
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("dialog", lambda dialog: asked.append(dialog.message))
    shown.on("console", lambda message: asked.append(message.text))
    shown.goto(path.as_uri())
    assert asked == [path.as_uri()]
    return shown


def cells() -> Iterator[tuple[str, str, int, str]]:
    """Yields each page in each language with each window, first with the one after that of the page before."""
    for number, (name, language) in enumerate(product(PAGES, LANGUAGES)):
        for turn in range(len(CELLS)):
            yield name, language, *CELLS[(number + turn) % len(CELLS)]


@pytest.mark.parametrize(("name", "language", "wide", "scheme"), one_in(len(CELLS), cells()))
def test_axe_objects_to_nothing(
    browser: Browser, tmp_path: Path, name: str, language: str, wide: int, scheme: str
) -> None:
    """On a telephone and on a screen, light and dark, axe-core finds nothing, and neither page nor table is too wide.

    Rules of good practice are on, beside those of WCAG.
    """
    shown = opened(browser, page(PAGES[name], TELLINGS[language], HOSTILE), tmp_path, wide, scheme)
    assert shown.evaluate("document.documentElement.scrollWidth") <= wide
    tables = "[...document.querySelectorAll('table')].every(one => one.scrollWidth <= one.parentElement.clientWidth)"
    assert shown.evaluate(tables)
    found = Axe().run(shown)
    shown.context.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("wide", [320, 375, 480, 481, 641, 769, 864, 865, 1200])
def test_nothing_scrolls_sideways_and_nothing_takes_a_tab(browser: Browser, tmp_path: Path, wide: int) -> None:
    """Whatever the window's width, tables and pictures fit, so that the key Tab has no stop on the page."""
    shown = opened(browser, page(PAGES["thirteen"], TELLINGS["nl"], "A"), tmp_path, wide, "light")
    widths = shown.evaluate(f"{_SHOWN}.map(one => one.getBoundingClientRect().width)")
    wider = shown.evaluate("[...document.querySelectorAll('html, table')].filter(one => one.scrollWidth > innerWidth)")
    stops = shown.evaluate("document.querySelectorAll('[tabindex], a, button, input').length")
    shown.context.close()
    assert len(widths) == 13 + 1  # one of two layouts of each, and all in one
    assert all(width <= min(wide, WIDTH) for width in widths), widths
    assert (wider, stops) == ([], 0)


@pytest.mark.parametrize(("wide", "layout"), [(320, "upright"), (480, "upright"), (481, "broad"), (1200, "broad")])
def test_labels_can_be_read_on_a_telephone(browser: Browser, tmp_path: Path, wide: int, layout: str) -> None:
    """Up to 480 pixels pictures stand upright, with letters of eleven pixels and more; they were five."""
    shown = opened(browser, page(PAGES["several"], TELLINGS["nl"], "A"), tmp_path, wide, "light")
    classes = set(shown.evaluate(f"{_SHOWN}.map(one => one.getAttribute('class'))"))
    sizes = shown.evaluate(f"{_SHOWN}.map(one => one.getBoundingClientRect().width / one.viewBox.baseVal.width * 13)")
    shown.context.close()
    assert classes == {layout}
    assert layout == "broad" or min(sizes) >= 11, sizes


@pytest.mark.parametrize("wide", [320, 1200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_where_they_were_reckoned(browser: Browser, tmp_path: Path, language: str, wide: int) -> None:
    """With the fonts of this machine, no text of a picture touches another or is cut at its edge."""
    shown = opened(browser, page(figures(*USES.values()), TELLINGS[language], "A"), tmp_path, wide, "light")
    pictures = shown.evaluate(_TEXTS)
    shown.context.close()
    assert len(pictures) == len(USES) + 1
    for texts in pictures:
        outside = [text for text, left, right, top, bottom, wide, high in texts if left < 0 or right > wide or top < 0]
        assert outside == []
        for at, one in enumerate(texts):
            for other in texts[at + 1 :]:
                apart = one[2] <= other[1] or other[2] <= one[1] or one[4] - 3 <= other[3] or other[4] - 3 <= one[3]
                assert apart, (one[0], other[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_opens_by_itself(browser: Browser, tmp_path: Path, language: str) -> None:
    """The picture of an election is a document of its own, in both schemes, with its ground."""
    path = tmp_path / "figures.svg"
    path.write_text(svg(figures(*USES.values()), TELLINGS[language]), "utf-8")
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)")):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        context.set_default_timeout(MILLISECONDS)
        shown = context.new_page()
        shown.goto(path.as_uri())
        fill = "getComputedStyle(document.querySelector('.back')).fill"
        assert shown.evaluate(fill) == ground
        assert shown.evaluate("document.documentElement.localName") == "svg"
        context.close()


def test_paper_is_light(browser: Browser, tmp_path: Path) -> None:
    """Print takes the light colours in a dark scheme too, and nothing is cut where the screen would scroll."""
    shown = opened(browser, page(PAGES["several"], TELLINGS["nl"], "A"), tmp_path, 1200, "dark")
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert set(shown.evaluate(f"{_SHOWN}.map(one => one.getAttribute('class'))")) == {"broad"}
    assert shown.pdf(format="A4").startswith(b"%PDF-")
    shown.context.close()
