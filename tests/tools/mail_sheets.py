# SPDX-License-Identifier: EUPL-1.2
"""Lays every kind of mail to officers and referrers on contact sheets; a person looks at them before a release.

`python -m tests.tools.mail_sheets FOLDER` runs the tests of `ROOMS` with the desk in Dutch and in English and keeps
what they make it compose; `--language nl` (or `en`) does one of them. Tests that compare texts of the other language
fail then; their outcome means nothing here.
Of these mails it takes as many as show every value that a template tells apart, and adds a sample for each value that
no test reached. It needs `apt-get install chromium`, and writes into FOLDER:

LANGUAGE-WIDTH-SCHEME-NN.png   the HTML part as Debian's chromium shows it at 375 and 1,200 px, light and dark; a mail
                               too high for a column goes on in the next one, so that nothing of it is cut
LANGUAGE.txt                   subject and plain-text part of the same mails, in the same order, to be read aloud
faults.txt                     what can be measured: overflow, lines too long to read, marks alone on their line
LANGUAGE/*.eml                 the mails; `--again` lays them anew without running the tests
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright

from flaggermail.adapters.documents import fonts
from flaggermail.adapters.files.template_situations import DID, variants
from flaggermail.letters import writing
from flaggermail.letters.html_part import guarded, html_part
from flaggermail.letters.outgoing import Frozen, Outgoing
from flaggermail.letters.template_values import LANGUAGES, PLAIN_TEMPLATES, VALUES
from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.message import Address
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.rules import configuration
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.wording.refusals import CommandRefusal
from tests.tools.said import sample

ROOT = Path(__file__).parents[2]
ROOMS = (
    *(f"tests/store/test_{name}.py" for name in (
        "told_content", "reply_answers", "replies", "readiness", "rehearsals", "exercises", "waiting_mail",
        "officer_unheard", "decisions", "desk",
    )),
    "tests/story/test_escalation_night.py",
)  # fmt: skip
WIDTHS, SCHEMES = (375, 1200), ("light", "dark")
LONGEST_LINE = 75  # characters; longer ones are hard to follow
_HIGH, _CAPTION, _GAP, _OVERLAP = 1480, 36, 12, 26  # pixels: of a column, and of what lies between two mails
_SHOWN = {375: 375, 1200: 540}  # what lies beyond is found to be empty, and left out
_COLUMNS = {375: 5, 1200: 4}
_TOLD_APART = frozenset({
    "kind", "why", "what", "by_reply", "clock", "decision", "verdict", "unstopped", "turn", "whose", "means", "source",
    "type",
})  # fmt: skip
"""Names of values of which each word has its own sentence; of other values only whether they are empty matters."""

Trait = tuple[str, str, str]  # template, name of a value, and what is told apart about it


def traits(template: str, value: object, name: str = "") -> Iterator[Trait]:
    """Yields what a template may tell apart: words of a closed set anywhere in its values, and which are empty."""
    word = name.rpartition(".")[2]
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from traits(template, inner, f"{name}.{key}")
        return
    if isinstance(value, str) and word in _TOLD_APART:
        yield template, name, value
    elif name.count(".") == 1:
        yield template, name, str(bool(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from traits(template, inner, name)


class Keeper:
    """Keeps the mails that tests make a desk compose, if one shows what none before it showed."""

    def __init__(self, folder: Path, language: str) -> None:
        self._folder, self._language = folder, language
        self._seen: set[Trait] = set()
        self._load, self._freeze = configuration.load, writing.freeze

    def load(self, directory: Path, rules: Path | None = None, templates: Path | None = None) -> Settings:
        """Reads settings as the program does, with the desk in the language."""
        found = self._load(directory, rules, templates)
        organisation = found.desk.organisation.model_copy(update={"language": self._language})
        return found.model_copy(update={"desk": found.desk.model_copy(update={"organisation": organisation})})

    def freeze(self, work: UnitOfWork, outgoing: Outgoing) -> Frozen:
        """Composes and archives as the program does, and keeps the octets."""
        made = self._freeze(work, outgoing)
        if outgoing.language == self._language and outgoing.template not in PLAIN_TEMPLATES:
            shown = {*traits(outgoing.template, outgoing.values), (outgoing.template, "exercise", made.subject[:6])}
            if not shown <= self._seen:
                self._seen |= shown
                keep(self._folder, outgoing.template, work.env.octets.get(made.digest), shown)
        return made


def keep(folder: Path, template: str, octets: bytes, shown: Iterable[Trait]) -> None:
    """Writes a mail and what it shows into the folder."""
    file = folder / f"{template}-{sha256(octets).hexdigest()[:12]}.eml"
    file.write_bytes(octets)
    file.with_suffix(".json").write_text(json.dumps(sorted(shown)), "utf-8")


def record(folder: Path, language: str) -> None:
    """Runs the tests with the desk in that language; to be called before any of them is imported."""
    keeper = Keeper(folder, language)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "load", keeper.load)
        patch.setattr(writing, "freeze", keeper.freeze)
        pytest.main(["-q", "--tb=no", "-p", "no:cacheprovider", f"--basetemp={folder}.tests", *ROOMS])


def samples(language: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yields template and values: each variant, alarm, act of a reply alone, and the refusals, several to a mail."""
    from tests.unit.adapters import test_templates as filled  # noqa: PLC0415 - reads settings; `record` comes before

    for name in sorted(set(VALUES) - PLAIN_TEMPLATES - {"exercise_mark"}):
        for changes in variants(name):
            if changes.get("did") is not DID:  # they follow, a few to a mail
                yield name, filled.values(name, language, {**changes, **_short(name)})
    for kind in AlarmKind:
        yield "alarm", filled.values("alarm", language, {"kind": kind.value})
    for at in range(0, len(DID), 4):
        yield "reply_answer", filled.values("reply_answer", language, {"did": DID[at : at + 4], "form": ""})
    refusals = [sample(one).in_language(language) for one in CommandRefusal]
    for at in range(0, len(refusals), 12):
        refused = {"understood": False, "did": [], "why": "refused", "details": refusals[at : at + 12], "form": ""}
        yield "reply_answer", filled.values("reply_answer", language, refused)


def _short(template: str) -> Mapping[str, object]:
    """Returns no form for the answer to a reply; the variants would repeat it, and the case form shows it."""
    return {"form": ""} if template == "reply_answer" else {}


def sampled(language: str, template: str, values: Mapping[str, object]) -> bytes:
    """Returns a mail with these values in both shapes."""
    from tests.unit.adapters.test_templates import TEMPLATES  # noqa: PLC0415 - as above

    mail = TEMPLATES.render(template, language, guarded(template, values))
    return compose(
        Letter(
            message_id="1@desk.example", date=datetime(2024, 6, 6, 8, 34, tzinfo=UTC), from_=Address("d@desk.example"),
            to=(Address("officer@desk.example"),), subject=mail.subject, body=mail.body, flowed=True,
            html=html_part(mail.body, language=language, title=mail.subject),
        )
    )  # fmt: skip


def chosen(folder: Path) -> list[Path]:
    """Returns few of the kept mails that together show all that any of them shows."""
    shows = {file.with_suffix(".eml"): _traits_in(file) for file in sorted(folder.glob("*.json"))}
    left, found = set[Trait]().union(*shows.values()), list[Path]()
    while left:
        best = max(shows, key=lambda file: len(shows[file] & left))
        left -= shows[best]
        found.append(best)
    return sorted(found)


def _traits_in(file: Path) -> set[Trait]:
    return {(template, name, told) for template, name, told in json.loads(file.read_text("utf-8"))}


def fill(folder: Path, language: str) -> None:
    """Adds the samples that show what no kept mail shows, and all refusals."""
    seen = set[Trait]().union(*map(_traits_in, folder.glob("*.json")))
    for template, values in samples(language):
        shown = set(traits(template, values))
        shown |= {(template, "refusal", str(one)) for one in _details(values) if values.get("why") == "refused"}
        if not shown <= seen:
            seen |= shown
            keep(folder, template, sampled(language, template, values), shown)


def _details(values: Mapping[str, object]) -> Sequence[object]:
    found = values.get("details", ())
    assert isinstance(found, Sequence)
    return found


# ---------------------------------------------------------------- how they look


_MEASURE = r"""longest => {
  const faults = [], width = document.documentElement.clientWidth, lines = new Map();
  if (document.documentElement.scrollWidth > width) faults.push('wider than the window');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    for (const word of node.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      for (const box of range.getClientRects()) {
        if (box.right > width + 1) faults.push('text beyond the window: ' + word[0]);
        const key = Math.round(box.bottom);
        lines.set(key, [...(lines.get(key) || []), word[0]]);
      }
    }
  }
  for (const line of [...lines.values()].map(words => words.join(' '))) {
    if (line.length > longest) faults.push('a line of ' + line.length + ' characters: ' + line);
    if (/^[|.,;:\u00b7)\]-]$/.test(line)) faults.push('a mark alone on its line: ' + line);
  }
  return [...new Set(faults)];
}"""


@dataclass(frozen=True)
class Mail:
    """A kept mail: its name, subject, plain text and page."""

    name: str
    subject: str
    text: str
    page: str


def read(file: Path) -> Mail:
    """Returns the mail in the file; a mail too long for a page has none."""
    from tests.both_shapes import words_of  # noqa: PLC0415 - its imports are the product's; `record` comes before

    octets = file.read_bytes()
    mail = message_from_bytes(octets, policy=policy.default)
    part = mail.get_body(preferencelist=("html",))
    return Mail(file.stem, str(mail["Subject"]), words_of(octets), part.get_content() if part else "")


def drawn(page: Page, mail: Mail, width: int) -> tuple[Image.Image, list[str]]:
    """Returns the whole page as a picture, without what is empty to the right, and what is wrong with it."""
    page.set_content(mail.page)
    faults: list[str] = page.evaluate(_MEASURE, LONGEST_LINE)
    picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    shown = _SHOWN[width]
    beyond = picture.crop((shown, 0, picture.width, picture.height))
    if beyond.width and len(beyond.getcolors() or [0, 0]) > 1:
        faults.append(f"something stands beyond {shown} px")
    return picture.crop((0, 0, min(shown, picture.width), picture.height)), faults


def slices(picture: Image.Image) -> Iterator[Image.Image]:
    """Yields the picture in pieces no higher than a column; each begins a line before the end of the one above."""
    top, room = 0, _HIGH - _CAPTION
    while True:
        yield picture.crop((0, top, picture.width, min(top + room, picture.height)))
        top += room - _OVERLAP
        if top + _OVERLAP >= picture.height:
            return


def sheets(mails: Iterable[tuple[str, Image.Image]], width: int) -> Iterator[Image.Image]:
    """Yields sheets of columns; each picture, below its caption, is put into the first column that has room for it."""
    wide, columns = _SHOWN[width], _COLUMNS[width]
    sheet, tops = _empty(wide, columns), [0] * columns
    for caption, whole in mails:
        for piece in slices(whole):
            high = _CAPTION + piece.height + _GAP
            if all(top + high > _HIGH + _GAP for top in tops):
                yield sheet
                sheet, tops = _empty(wide, columns), [0] * columns
            column = next(number for number, top in enumerate(tops) if top + high <= _HIGH + _GAP)
            left = _GAP + column * (wide + _GAP)
            _write(sheet, (left, tops[column] + 4), caption, wide)
            sheet.paste(piece, (left, tops[column] + _CAPTION))
            tops[column] += high
    yield sheet


def _empty(wide: int, columns: int) -> Image.Image:
    return Image.new("RGB", (_GAP + columns * (wide + _GAP), _HIGH + _GAP), "#7a8fb0")


def _write(sheet: Image.Image, at: tuple[int, int], caption: str, wide: int) -> None:
    font = ImageFont.truetype(str(fonts.files()["SourceSansPro-Regular.ttf"]), 14)
    half = wide // 7
    ImageDraw.Draw(sheet).multiline_text(at, f"{caption[:half]}\n{caption[half:]}", "#000000", font, spacing=1)


def lay(folder: Path, language: str) -> list[str]:
    """Writes the sheets and the text of one language; returns what is wrong, a line for each mail."""
    mails = [read(file) for file in chosen(folder / language)]
    told = [f"######## {mail.name}\nSubject: {mail.subject}\n\n{mail.text}\n" for mail in mails]
    (folder / f"{language}.txt").write_text("\n".join(told), "utf-8")
    faults: list[str] = []
    with sync_playwright() as program:
        browser = program.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width in WIDTHS:
            for scheme in SCHEMES:
                faults += _lay_set(browser, folder, [mail for mail in mails if mail.page], (language, width, scheme))
        browser.close()
    return faults


def _lay_set(browser: Browser, folder: Path, mails: Sequence[Mail], of: tuple[str, int, str]) -> list[str]:
    language, width, scheme = of
    page = browser.new_page(
        viewport={"width": width, "height": 60}, color_scheme="dark" if scheme == "dark" else "light"
    )
    name, faults, pictures = f"{language}-{width}-{scheme}", list[str](), list[tuple[str, Image.Image]]()
    for mail in mails:
        picture, wrong = drawn(page, mail, width)
        pictures.append((mail.subject, picture))
        faults += [f"{name} {mail.name}: {fault}" for fault in wrong]
    page.close()
    laid = list(sheets(pictures, width))
    for number, sheet in enumerate(laid, start=1):
        sheet.save(folder / f"{name}-{number:02}.png")
    print(f"{name}: {len(pictures)} mails on {len(laid)} sheets")
    return faults


def main(folder: Path, languages: Sequence[str], *, again: bool) -> None:
    """Records, fills and lays the languages."""
    spawn = multiprocessing.get_context("spawn")
    for language in languages:
        (folder / language).mkdir(parents=True, exist_ok=True)
    if not again:
        running = [spawn.Process(target=record, args=(folder / language, language)) for language in languages]
        for process in running:
            process.start()
        for process in running:
            process.join()
    faults: list[str] = []
    for language in languages:
        fill(folder / language, language)
        faults += lay(folder, language)
    (folder / "faults.txt").write_text("".join(f"{fault}\n" for fault in faults), "utf-8")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.mail_sheets")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=LANGUAGES, help="lay this language alone")
    parser.add_argument("--again", action="store_true", help="lay the mails in FOLDER anew without running the tests")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _asked()
    main(asked.folder, [asked.language] if asked.language else list(LANGUAGES), again=asked.again)
