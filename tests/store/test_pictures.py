# SPDX-License-Identifier: EUPL-1.2
"""A picture that a stranger attached: shown on asking, as plain pixels made in a sandbox, kept nowhere."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.parsing import pictures
from flaggermail.adapters.parsing.pictures import pixels_of
from flaggermail.desk.views.picture import png
from flaggermail.ports.texts import PictureFault, Pixels
from flaggermail.record.readings import ReadItem, ReadKind
from tests.corpus import each
from tests.doubles.paged import FORBIDDEN, STRANGER, Browser, PlayedSource
from tests.store.desk_fixtures import Desk
from tests.store.test_strangers import UNPROCESSABLE, assert_shut, received

pytestmark = pytest.mark.outside  # each picture is read in a process of its own

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(mode: str = "RGB", size: tuple[int, int] = (60, 40), form: str = "PNG", **options: object) -> bytes:
    """Returns a picture whose left half is red or dark, in a mode of Pillow."""
    made = Image.new("RGB", size, BLUE)
    made.paste(RED, (0, 0, size[0] // 2, size[1]))
    if mode == "I;16":
        made = Image.frombytes(mode, size, b"".join(struct.pack("<H", 50_000) for _ in range(size[0] * size[1])))
    elif mode != "RGB":
        made = made.convert(mode)
    held = BytesIO()
    made.save(held, form, **options)
    return held.getvalue()


def chunk(name: bytes, held: bytes) -> bytes:
    """Returns a chunk of a PNG."""
    return struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held))


def bare_png(width: int, height: int, *between: bytes, pixels: bytes = b"") -> bytes:
    """Returns a PNG that says it is so large, with these chunks before its pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def with_exif(orientation: int) -> bytes:
    """Returns a JPEG with an orientation, and where it was taken."""
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010E] = "taken at home"
    return picture(form="JPEG", exif=told, comment=b"<script>alert(1)</script>")


def test_a_picture_is_shown_on_asking_as_a_rendering(desk: Desk, browser: Browser) -> None:
    """By a link of the mail, on a page of its own that says what it is; with the right to read, and a trace of it."""
    page = received(desk, browser, ('filename="post.png"', "image/png", picture()), ('filename="a"', "text/css", b"x"))
    (link,) = [one for one in page.links if "/pictures/" in one]
    assert "<img" not in page.html
    before = {path for path in folder_of(desk).rglob("*") if path.is_file()}
    shown = browser.look(link)
    assert "A rendering; the original is the evidence." in shown.words
    assert "post.png" in shown.words
    assert shown.html.count("<img") == 1
    assert f'src="{link}.png"' in shown.html
    assert shown.headers["Cache-Control"] == "no-store"
    headers, octets = browser.fetch(f"{link}.png")
    assert headers["Content-Type"] == "image/png"
    assert_shut(headers)
    assert Image.open(BytesIO(octets)).convert("RGB").tobytes() == Image.open(BytesIO(picture())).tobytes()
    assert {path for path in folder_of(desk).rglob("*") if path.is_file()} == before
    dutch = Browser(PlayedSource(desk.env), language="nl").look(link)
    assert "Een weergave; het origineel is het bewijs." in dutch.words


def folder_of(desk: Desk) -> Path:
    """Returns where the desk keeps its record and archive."""
    assert isinstance(desk.env.store, SqlStore)
    return Path(str(desk.env.store.engine.url.database)).parent


def test_a_picture_is_a_reading(desk: Desk, browser: Browser) -> None:
    """Of whoever looked at it; a stranger sees none."""
    page = received(desk, browser, ('filename="post.png"', "image/png", picture()))
    item = ReadItem(ReadKind.MAIL, page.address.rpartition("/")[2])
    (link,) = [one for one in page.links if "/pictures/" in one]
    head = Browser(PlayedSource(desk.env), 1004)
    assert head.fetch(f"{link}.png")[1]
    assert "head1" in {one.person for one in desk.env.store.readings.of([item])}
    assert browser.as_(STRANGER).look(link).status == FORBIDDEN


SHOWN: dict[str, Callable[[], bytes]] = {
    "gray": lambda: picture("L"), "black and white": lambda: picture("1"), "a palette": lambda: picture("P"),
    "sixteen bits": lambda: picture("I;16"), "half through": lambda: picture("RGBA"),
    "gray through": lambda: picture("LA"),
    "CMYK": lambda: picture("CMYK", form="JPEG"), "progressive": lambda: picture(form="JPEG", progressive=True),
    "a page behind it": lambda: picture() + b"<script>alert(1)</script>",
    "text within": lambda: bare_png(2, 2, chunk(b"tEXt", b"a\0<script>"), pixels=b"\0" + b"\1" * 6 + b"\0" + b"\2" * 6),
    "several pictures": lambda: picture(save_all=True, append_images=[Image.new("RGB", (60, 40), BLUE)]),
    "twenty megapixels": lambda: picture("1", (5000, 4000)),
    "upright": lambda: with_exif(6),
}  # fmt: skip


@each("what", SHOWN)
def test_each_kind_is_pixels_alone(what: str) -> None:
    """Whatever mode it has; nothing that is no pixel comes along."""
    found = pixels_of(SHOWN[what]())
    assert isinstance(found, Pixels), found
    octets = png(found.width, found.height, found.pixels)
    shown = Image.open(BytesIO(octets))
    shown.load()
    assert (shown.mode, max(shown.size) <= 1600, shown.info) == ("RGB", True, {})
    assert b"script" not in octets
    assert b"home" not in octets


def test_a_picture_is_upright_and_no_wider_than_a_screen() -> None:
    """Turned as its camera says; sixteen bits keep their brightness."""
    turned = pixels_of(with_exif(6))
    assert isinstance(turned, Pixels)
    assert (turned.width, turned.height) == (40, 60)
    wide = pixels_of(picture("1", (5000, 4000)))
    assert isinstance(wide, Pixels)
    assert (wide.width, wide.height) == (1600, 1280)
    bright = pixels_of(picture("I;16"))
    assert isinstance(bright, Pixels)
    assert bright.pixels[0] == 50_000 // 256


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb by its header": (lambda: bare_png(60_000, 60_000), "20 megapixels"),
    "the widest": (lambda: bare_png(2**31 - 1, 1), "20 megapixels"),
    "a pixel too many": (lambda: bare_png(20_000_001, 1), "20 megapixels"),
    "a wide JPEG": (lambda: picture(form="JPEG").replace(b"\x00\x28\x00\x3c", b"\xff\xff\xff\xff", 1), "20 megapixels"),
    "cut off": (lambda: picture(size=(600, 400))[:-200], "broken"),
    "a JPEG cut off": (lambda: picture(size=(600, 400), form="JPEG")[:700], "broken"),
    "no pixels": (lambda: bare_png(60, 40), "broken"),
    "other pixels": (lambda: picture().replace(b"IDAT\x78", b"IDAT\x00", 1), "broken"),
    "text that grows": (lambda: bare_png(2, 2, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(90_000_000)))), "broken"),
    "no size": (lambda: bare_png(0, 0), "no PNG or JPEG|broken"),
    "a GIF": (lambda: picture("P", form="GIF"), "no PNG or JPEG"),
    "a TIFF": (lambda: picture(form="TIFF"), "no PNG or JPEG"),
    "a page": (lambda: b"<html><script>alert(1)</script>", "no PNG or JPEG"),
    "a drawing": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "no PNG or JPEG"),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run", "no PNG or JPEG"),
    "nothing": (lambda: b"", "no PNG or JPEG"),
    "its first octets": (lambda: b"\x89PNG\r\n\x1a\n", "no PNG or JPEG|broken"),
}  # fmt: skip


@each("what", HOSTILE)
def test_a_hostile_picture_is_told_in_words(desk: Desk, browser: Browser, what: str) -> None:
    """On the page and at the address of the picture, whatever is wrong; the original can still be downloaded."""
    made, words = HOSTILE[what]
    page = received(desk, browser, ('filename="post.png"', "image/png", made()))
    for address in (f"{page.address}/pictures/1", f"{page.address}/pictures/1.png"):
        answer = browser.look(address)
        assert answer.status == UNPROCESSABLE
        assert any(one in answer.html for one in words.split("|")), answer.words
        assert "<img" not in answer.html
    assert browser.fetch(f"{page.address}/attachments/1")[1] == made()


@pytest.mark.parametrize("number", ["0", "2", "x", "99999999999"])
def test_a_picture_that_is_not_there_is_told(desk: Desk, browser: Browser, number: str) -> None:
    """In a page with words."""
    page = received(desk, browser, ('filename="post.png"', "image/png", picture()))
    assert browser.look(f"{page.address}/pictures/{number}").status in {404, UNPROCESSABLE}


ChildThat = Callable[[str], None]


@pytest.fixture
def child_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ChildThat:
    """Returns a function that lets the process be one that does this before it answers."""
    monkeypatch.syspath_prepend(tmp_path)

    def be(does: str) -> None:
        name = f"played_{len(list(tmp_path.glob('*.py')))}"
        begins = "import sys\nfrom flaggermail.adapters.parsing import picture_child as c"
        (tmp_path / f"{name}.py").write_text(f"{begins}\n{does}\nc.serve(int(sys.argv[1]))")
        monkeypatch.setattr(pictures, "MODULE", name)

    return be


ATTACKS = {
    "a file": "open('/etc/passwd').read()", "a new file": "open('/tmp/stranger', 'w')",
    "a program": "__import__('os').system('true')", "the network": "__import__('socket').socket()",
    "no end": "[None for _ in iter(int, 1)]", "a long sleep": "__import__('time').sleep(60)",
}  # fmt: skip


@each("what", ATTACKS)
def test_a_picture_that_takes_its_process_over_reaches_nothing(child_that: ChildThat, what: str) -> None:
    """No file, program or network, and no more than its time."""
    does = f"def told(octets):\n {ATTACKS[what]}\n return c.ANSWER.pack(0, 1, 1) + b'abc'"
    child_that(f"{does}\nc.answer_about = told")
    assert pixels_of(picture(), seconds=2) is PictureFault.GIVEN_UP


ANSWERS = {
    "too many pixels": "c.ANSWER.pack(0, 1, 1) + bytes(9_000_000)", "too few": "c.ANSWER.pack(0, 9, 9) + b'abc'",
    "none": "b''", "too wide": "c.ANSWER.pack(0, 60000, 1) + bytes(180000)", "no fault": "c.ANSWER.pack(200, 0, 0)",
    "nothing wide": "c.ANSWER.pack(0, 0, 5)",
}  # fmt: skip


@each("what", ANSWERS)
def test_an_answer_that_is_none_is_no_picture(child_that: ChildThat, what: str) -> None:
    """Whatever a process says that a picture has taken over."""
    child_that(f"c.answer_about = lambda octets: {ANSWERS[what]}")
    assert pixels_of(picture()) is PictureFault.GIVEN_UP


def test_a_process_answers_pixels(child_that: ChildThat) -> None:
    """The attacks above would be seen if they succeeded."""
    child_that("c.answer_about = lambda octets: c.ANSWER.pack(0, 1, 1) + b'abc'")
    assert pixels_of(picture()) == Pixels(1, 1, b"abc")


def test_without_the_library_the_page_says_what_to_install(desk: Desk, browser: Browser, child_that: ChildThat) -> None:
    """As for a kernel that cannot confine the process: nothing is read."""
    page = received(desk, browser, ('filename="post.png"', "image/png", picture()))
    child_that("sys.modules['PIL'] = None")
    answer = browser.look(f"{page.address}/pictures/1")
    assert answer.status == UNPROCESSABLE
    assert "flaggermail[pictures]" in answer.words
    child_that("c.enter = lambda: {'no_new_privileges': True, 'landlock': 0, 'seccomp': True}")
    assert "cannot confine" in browser.look(f"{page.address}/pictures/1").words


def test_too_little_memory_is_told() -> None:
    """A picture that needs more than it may have is given up."""
    assert pixels_of(picture("RGB", (4000, 4000)), memory=200 * 1024**2) in {PictureFault.GIVEN_UP, PictureFault.BROKEN}
