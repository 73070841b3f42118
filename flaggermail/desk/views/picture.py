# SPDX-License-Identifier: EUPL-1.2
"""A picture that somebody attached to a mail, as plain pixels. It is made when it is asked for, and kept nowhere."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.message import attachment_of, kept
from flaggermail.desk.views.view import POSITION, OctetsView
from flaggermail.documents.octets import MediaType, Octets, in_blocks
from flaggermail.errors import Refusal
from flaggermail.ports.texts import PictureFault
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import ViewRefusal

_REFUSED: Mapping[PictureFault, ViewRefusal] = {
    PictureFault.NOT_INSTALLED: ViewRefusal.PICTURES_NOT_INSTALLED,
    PictureFault.NOT_CONFINED: ViewRefusal.PICTURES_NOT_CONFINED,
    PictureFault.NO_PICTURE: ViewRefusal.NO_PICTURE,
    PictureFault.TOO_LARGE: ViewRefusal.PICTURE_TOO_LARGE,
    PictureFault.BROKEN: ViewRefusal.PICTURE_BROKEN,
    PictureFault.GIVEN_UP: ViewRefusal.PICTURE_GIVEN_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPicture(ViewAnswer):
    """Which picture this is a rendering of: the mail, the position from 1, and the digest of the original."""

    message: str
    number: int
    original_sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPicture(OctetsView):
    """A PNG or JPEG that is attached to a message, by its position from 1, as a new PNG of its pixels alone.

    It is upright, at most 1,600 pixels wide and high, and has none of the metadata. The original is the evidence.
    """

    MAY: ClassVar[frozenset[str]] = READERS

    message: str
    number: Annotated[int, POSITION]

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the picture. Raises NotFound, ArchiveFailure; Refusal if it cannot be shown."""
        stored = kept(work, self.message)
        original, _ = attachment_of(work, stored, self.number)
        found = work.env.parser.picture(original)
        if isinstance(found, PictureFault):
            raise Refusal(_REFUSED[found](attachment=str(self.number), message=stored.id))
        octets = png(found.width, found.height, found.pixels)
        facts = RenderedPicture(
            message=stored.id, number=self.number, original_sha256=hashlib.sha256(original).hexdigest(),
            width=found.width, height=found.height,
        )  # fmt: skip
        name = f"{stored.id}-{self.number}.png"
        return Octets(media_type=MediaType.PNG, name=name, size=len(octets), parts=in_blocks(octets), facts=facts)


# ---- a PNG (RFC 2083) with nothing beside its pixels: no text, no profile, no instant

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 3  # octets of a pixel: red, green, blue
_HEAD = struct.Struct(">IIBBBBB")  # section 4.1.1: width, height, bits, colour type, compression, filter, interlace


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Returns a picture; `pixels` are three octets each, line by line. Raises ValueError for another number of them."""
    line = width * _COLOURS
    if not width or not height or len(pixels) != line * height:
        raise ValueError(f"octets of a picture of {width} x {height}: wanted {line * height}, given {len(pixels)}")
    lines = b"".join(b"\0" + pixels[at : at + line] for at in range(0, len(pixels), line))  # section 6: no filter
    chunks = ((b"IHDR", _HEAD.pack(width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, held) for name, held in chunks)


def _chunk(name: bytes, held: bytes) -> bytes:
    return struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held))
