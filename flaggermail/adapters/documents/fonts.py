# SPDX-License-Identifier: EUPL-1.2
"""The fonts of a PDF: two that are always the same, and one made for the characters that neither of them has.

Which fonts a machine has, and how it is set up, changes nothing: fontconfig sees one folder, with these files in it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FAMILIES = ("Source Sans Pro", "DejaVu Sans", "Flaggermail Frames")
_FOLDER = Path(__file__).with_name("source_sans")  # Adobe, SIL Open Font License 1.1: OFL.txt
_FACES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold")
# Where distributions of Linux keep DejaVu Sans, which has not changed since 2016: Debian, Fedora, Arch.
_DEJAVU = ("truetype/dejavu", "dejavu-sans-fonts", "TTF")
SHARED = Path("/usr/share/fonts")
_UNDRAWN = frozenset({
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, *range(0x180B, 0x180F), *range(0x200B, 0x2010),
    *range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xE0000, 0xE1000),
})  # fmt: skip  # no font needs to have these: what draws text leaves them out
_EM, _HIGH, _WIDE, _LINE = 1000, 700, 640, 30  # of a frame, in thousandths of the size
_EPOCH_1904 = 2_082_844_800  # seconds; dates of a font count from 1904 on, and this one bears none of its own
_environment = threading.Lock()


def _second() -> Path:
    """Returns the file of the second font. Raises OSError if this machine lacks it."""
    for folder in _DEJAVU:
        found = SHARED / folder / "DejaVuSans.ttf"
        if found.exists():
            return found
    raise FileNotFoundError("the font DejaVuSans.ttf")


def files() -> Mapping[str, Path]:
    """Returns the font files by the names under which fontconfig sees them."""
    own = {f"SourceSansPro-{face}.ttf": _FOLDER / f"SourceSansPro-{face}.ttf" for face in _FACES}
    return {**own, "DejaVuSans.ttf": _second()}


@cache
def covered() -> frozenset[int]:
    """Returns the characters that one of the two fonts has."""
    fonts = (_FOLDER / "SourceSansPro-Regular.ttf", _second())
    return frozenset().union(*(_characters(font) for font in fonts)) | _UNDRAWN


def _characters(file: Path) -> frozenset[int]:
    with TTFont(file, lazy=True) as font:
        return frozenset(font.getBestCmap())


@contextmanager
def only_these(text: str) -> Iterator[None]:
    """Lets fontconfig see the fonts that `text` needs and no other, while the context lasts."""
    with _environment, TemporaryDirectory(prefix="flaggermail-fonts-") as folder:
        place = Path(folder)
        (place / "fonts").mkdir()
        for name, file in files().items():
            (place / "fonts" / name).symlink_to(file)
        missing = sorted({ord(sign) for sign in text} - covered())
        if missing:
            _write_frames(place / "fonts" / "Frames.ttf", missing)
        (place / "fonts.conf").write_text(_configuration(place), "utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(place / "fonts.conf")
        try:
            yield
        finally:
            os.environ.pop("FONTCONFIG_FILE")
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before


def _configuration(place: Path) -> str:
    """Returns a configuration of fontconfig: one folder, and the first font where a picture names one of its own."""
    own = escape(str(place))
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n'
        f"<fontconfig><dir>{own}/fonts</dir><cachedir>{own}/cache</cachedir>\n"
        '<match target="pattern"><edit name="family" mode="append_last">'
        f"{''.join(f'<string>{family}</string>' for family in FAMILIES)}</edit></match></fontconfig>\n"
    )


# ---------------------------------------------------------------- frames


def _write_frames(file: Path, characters: Iterable[int]) -> None:
    """Writes a font in which each character is a frame around its number in Unicode, so that none is lost."""
    names = {code: f"u{code:04X}" for code in characters}
    with TTFont(_FOLDER / "SourceSansPro-Semibold.ttf", lazy=True) as digits:
        glyphs = {name: _frame(f"{code:04X}", digits) for code, name in names.items()}
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", *glyphs])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": _frame("", None), **glyphs})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *glyphs], (_WIDE + 60, 30)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": FAMILIES[2], "styleName": "Regular", "psName": "FlaggermailFrames"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = _EPOCH_1904
    builder.font.recalcTimestamp = False
    builder.save(file)


def _frame(number: str, digits: TTFont | None) -> object:
    """Returns a glyph: a frame, with the digits of `number` in two rows."""
    pen = TTGlyphPen(None)
    for left, low, right, high, inner in (
        (0, 0, _WIDE, _HIGH, False),
        (_LINE, _LINE, _WIDE - _LINE, _HIGH - _LINE, True),
    ):
        corners = [(left, low), (left, high), (right, high), (right, low)]
        corners = corners[::-1] if inner else corners
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    if digits is not None:
        half = (len(number) + 1) // 2
        for row, part in enumerate((number[:half], number[half:])):
            _row(pen, digits, part, _HIGH // 2 + 40 if row == 0 else 70)
    return pen.glyph()


def _row(pen: TTGlyphPen, digits: TTFont, part: str, baseline: int) -> None:
    glyphs, names = digits.getGlyphSet(), digits.getBestCmap()
    step = (_WIDE - 4 * _LINE) / max(len(part), 2)
    for at, digit in enumerate(part):
        glyph = glyphs[names[ord(digit)]]
        scale = min(0.36, step / glyph.width)
        glyph.draw(TransformPen(pen, (scale, 0, 0, scale, 2 * _LINE + at * step, baseline)))
