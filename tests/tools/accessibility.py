# SPDX-License-Identifier: EUPL-1.2
"""Measures how accessible the pages are, for docs/accessibility.md; `python -m tests.tools.accessibility` writes both.

docs/accessibility.json keeps what was measured; the table of the page is made of it. It takes some minutes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from flaggermail import __version__
from tests.flow.test_screen import CELLS, NAMES, WIDTHS, opened, show
from tests.flow.test_stories_on_pages import STORIES
from tests.store.desk_fixtures import Desk
from tests.story.told_night import ROOT
from tests.tools.page_pictures import CHROMIUM, LANGUAGES, SCHEMES, served
from tests.tools.played_night import night

REPORT, STATEMENT = ROOT / "docs" / "accessibility.json", ROOT / "docs" / "accessibility.md"
BEGINS, ENDS = "<!-- measured -->\n", "<!-- until here -->\n"
AXE = re.search(r"axe v([0-9.]+)", AXE_SCRIPT)
PAPER = 720  # pixels of a sheet's width between its margins
LEFT_ON_PAPER = """\
() => [...document.querySelectorAll("main h1, main h2, main dt, main dd, main td, main li")]
    .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).length"""

Measured = Mapping[str, object]


def expected() -> dict[str, object]:
    """Returns what a measurement of the pages as they are now is about."""
    return {
        "version": __version__, "axe": AXE[1] if AXE else "", "pages": len(NAMES), "languages": list(LANGUAGES),
        "widths": list(WIDTHS), "themes": list(SCHEMES), "cells": len(NAMES) * len(CELLS),
        "stories_by_keyboard": len(STORIES),
    }  # fmt: skip


def measured(browser: Browser, desk: Desk, root: str) -> dict[str, object]:
    """Returns what Chromium and axe-core find on each page in each cell, in forced colours, and on paper."""
    found: Counter[str] = Counter()
    rules = set[str]()
    for name in NAMES:
        for language, wide, scheme in CELLS:
            page = opened(browser, language, wide, scheme, script=True)  # for axe itself
            show(page, desk, root, name)
            _count(page, found, rules, "violations", wide)
            if scheme == "light" and wide == max(WIDTHS):
                page.emulate_media(forced_colors="active")
                _count(page, found, rules, "violations_in_forced_colours", wide)
                page.emulate_media(forced_colors="none", media="print")
                page.set_viewport_size({"width": PAPER, "height": 1000})
                found["pages_cut_on_paper"] += bool(page.evaluate(LEFT_ON_PAPER))
            page.context.close()
    return {"rules": len(rules), **{what: found[what] for what in COUNTED}}


COUNTED = ("violations", "to_look_at", "too_wide", "violations_in_forced_colours", "pages_cut_on_paper")


def _count(page: Page, found: Counter[str], rules: set[str], what: str, wide: int) -> None:
    answer = Axe().run(page).response
    rules.update(rule["id"] for kind in ("violations", "passes", "incomplete") for rule in answer[kind])
    found[what] += sum(len(rule["nodes"]) for rule in answer["violations"])
    found["to_look_at"] += sum(len(rule["nodes"]) for rule in answer["incomplete"])
    found["too_wide"] += page.evaluate("document.documentElement.scrollWidth") > wide


def read() -> Measured:
    """Returns what was measured last."""
    kept = json.loads(REPORT.read_text("utf-8"))
    assert isinstance(kept, dict)
    return kept


def table(kept: Measured) -> str:
    """Returns the table of the statement."""
    languages, widths, themes = (kept[name] for name in ("languages", "widths", "themes"))
    assert isinstance(languages, list)
    assert isinstance(widths, list)
    assert isinstance(themes, list)
    cells = f"{kept['pages']} pages x {len(languages)} languages x {len(widths)} widths x {len(themes)} themes"
    rows = (
        ("flaggermail", f"{kept['version']}, measured on {kept['measured_on']}"),
        ("with", f"axe-core {kept['axe']} in Chromium {kept['chromium']}; {kept['rules']} of its rules applied"),
        ("pages, each in each cell", f"{cells} = {kept['cells']}"),
        ("languages; widths; themes", f"{', '.join(languages)}; {', '.join(map(str, widths))} px; {', '.join(themes)}"),
        ("violations", str(kept["violations"])),
        ("places that axe-core leaves to a person", str(kept["to_look_at"])),
        ("pages wider than the window, at 320 px as at 1,280", str(kept["too_wide"])),
        ("violations in forced colours", str(kept["violations_in_forced_colours"])),
        ("pages on which print cuts words", str(kept["pages_cut_on_paper"])),
        ("stories played by keyboard alone, without script", str(kept["stories_by_keyboard"])),
    )
    return "\n".join(["| what | measured |", "|---|---|", *(f"| {what} | {how} |" for what, how in rows), ""])


def filled(text: str, kept: Measured) -> str:
    """Returns the statement with its table made anew."""
    before, rest = text.split(BEGINS)
    return f"{before}{BEGINS}\n{table(kept)}\n{ENDS}{rest.split(ENDS)[1]}"


def main() -> None:
    """Measures, and writes the report and the table."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        desk = night(Path(name))
        with served(desk) as root:
            kept = expected() | measured(browser, desk, root)
        kept |= {"chromium": browser.version, "measured_on": f"{datetime.now(UTC):%Y-%m-%d}"}
        desk.env.close()
        browser.close()
    REPORT.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    STATEMENT.write_text(filled(STATEMENT.read_text("utf-8"), kept), "utf-8")


if __name__ == "__main__":
    main()
