# SPDX-License-Identifier: EUPL-1.2
"""Draws the first picture of each README, *Tonight*; `python -m tests.tools.first_picture` writes both.

Chromium's pixels differ from version to version, so each picture bears the digest of the page that it shows, in which
the addresses of the style sheets bear theirs; a test compares that.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser, sync_playwright

from flaggermail.door.desk_health import DeskHealth
from tests.doubles.paged import OFFICER1, OK, PlayedSource, pages_of
from tests.tools.page_pictures import CHROMIUM, LANGUAGES, served_to
from tests.tools.pictures import FOLDER
from tests.tools.played_night import night

WIDTH, COLOURS = 960, 64  # pixels; colours of the palette, which letters need
MOST = 150_000  # octets
SOURCE = "Source"  # the keyword of the digest (PNG specification, 11.3.4.3)


@dataclass
class Tonight:
    """The first page of a desk in the middle of a night, whose mailbox was just read."""

    source: PlayedSource

    @classmethod
    def played_in(cls, folder: Path) -> Tonight:
        """Plays the night in an empty folder."""
        desk = night(folder)
        now = desk.env.clock.now().astimezone(desk.env.settings.zone)
        return cls(PlayedSource(desk.env, health=DeskHealth(read_at=now.isoformat())))

    def digest(self, language: str) -> str:
        """Returns the SHA-256 of the page."""
        with pages_of(self.source).test_client() as client:
            who, asked = {"X_REMOTE_UID": str(OFFICER1)}, {"Accept-Language": language}
            answer = client.get("/", environ_overrides=who, headers=asked)
            assert answer.status_code == OK
            return hashlib.sha256(answer.data).hexdigest()

    def picture(self, browser: Browser, language: str) -> bytes:
        """Returns the page as PNG, in few colours, with the digest of what it shows."""
        with served_to(pages_of(self.source), lambda: OFFICER1) as address:
            page = browser.new_page(
                java_script_enabled=False, locale=language, color_scheme="light",
                viewport={"width": WIDTH, "height": 600}, extra_http_headers={"Accept-Language": language},
            )  # fmt: skip
            page.goto(address)
            shot = page.screenshot(full_page=True)
            page.close()
        marked, out = PngInfo(), io.BytesIO()
        marked.add_text(SOURCE, self.digest(language))
        with Image.open(io.BytesIO(shot)) as image:
            image.convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True, pnginfo=marked)
        return out.getvalue()

    def close(self) -> None:
        """Closes the desk."""
        self.source.env.close()


def path_of(language: str) -> Path:
    """Returns where the picture of a README lies."""
    return FOLDER / f"tonight.{language}.png"


def digest_in(path: Path) -> str:
    """Returns the digest that a picture bears."""
    with Image.open(path) as image:
        return str(image.info.get(SOURCE))


def main() -> None:
    """Writes both pictures."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tonight = Tonight.played_in(Path(name))
        for language in LANGUAGES:
            path_of(language).write_bytes(tonight.picture(browser, language))
        tonight.close()
        browser.close()


if __name__ == "__main__":
    main()
