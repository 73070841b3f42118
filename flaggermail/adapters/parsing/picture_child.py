# SPDX-License-Identifier: EUPL-1.2
"""The process that makes plain pixels of one stranger's picture, at the other end of the pipes of `pictures`.

It reads one picture in a sandbox of its own, apart from the process that parses mail, and ends.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from flaggermail.adapters.parsing.limits import LENGTH, at_most
from flaggermail.adapters.parsing.sandbox.confine import enter
from flaggermail.ports.texts import PictureFault

if TYPE_CHECKING:
    from PIL.Image import Image

ASKED = struct.Struct(">QI")  # octets of the picture that follows, and the seconds that it may take
ANSWER = struct.Struct(">BHH")  # 0, width and height, and pixels follow; or the position from 1 of a `PictureFault`
FAULTS = tuple(PictureFault)
MOST_PIXELS = 20_000_000
LONGEST_SIDE = 1_600  # pixels of what is shown
_MODULES = ("Image", "ImageOps", "JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin")
"""What reads the two formats, and two pictures in one, as telephones write them. All is loaded before the sandbox."""
_SIXTEEN_BITS = ("I", "F")  # how the names of such modes begin


def serve(memory_limit: int) -> None:
    """Says what confines this process, then reads a picture from standard input and answers. Raises OSError."""
    installed = _is_installed()
    at_most(resource.RLIMIT_AS, memory_limit)
    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_FSIZE, 0)
    _send(json.dumps({**enter(), "installed": installed}).encode("ascii"))
    length, seconds = ASKED.unpack(sys.stdin.buffer.read(ASKED.size))
    at_most(resource.RLIMIT_CPU, seconds + 1)
    _send(answer_about(sys.stdin.buffer.read(length)))


def answer_about(octets: bytes) -> bytes:
    """Returns the answer about a picture, whatever it holds."""
    try:
        found = _pixels(octets)
    except MemoryError:
        found = PictureFault.GIVEN_UP
    except Exception:  # noqa: BLE001 - boundary to a library that reads strangers' pictures
        found = PictureFault.BROKEN
    if isinstance(found, PictureFault):
        return ANSWER.pack(FAULTS.index(found) + 1, 0, 0)
    return ANSWER.pack(0, found.width, found.height) + found.tobytes()


def _pixels(octets: bytes) -> Image | PictureFault:
    """Returns the picture upright, small enough to be shown, in red, green and blue alone.

    Its size is what its header says, before anything is decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - an extra

    Image.MAX_IMAGE_PIXELS = None  # the limit is our own
    try:
        opened = Image.open(BytesIO(octets), formats=("PNG", "JPEG"))
    except UnidentifiedImageError:
        return PictureFault.NO_PICTURE
    if opened.width * opened.height > MOST_PIXELS:
        return PictureFault.TOO_LARGE
    opened.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is decoded at a fraction of its size
    opened.load()
    upright: Image.Image = opened
    with suppress(Exception):  # its metadata may be broken where its pixels are not
        upright = ImageOps.exif_transpose(opened)
    shown = _seen(upright)
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    ground = Image.new("RGB", shown.size, "white")
    ground.paste(shown, mask=shown.getchannel("A"))
    return ground


def _seen(picture: Image) -> Image:
    """Returns a picture with eight bits of each colour, and how far each pixel lets the ground through."""
    if picture.mode.startswith(_SIXTEEN_BITS):
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    return picture.convert("RGBA")


def _is_installed() -> bool:
    try:
        for name in _MODULES:
            import_module(f"PIL.{name}")
    except ImportError:
        return False
    return True


def _send(octets: bytes) -> None:
    sys.stdout.buffer.write(LENGTH.pack(len(octets)) + octets)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
