# SPDX-License-Identifier: EUPL-1.2
"""Writes pixels as a PNG (RFC 2083) with nothing beside them: no text, no profile, no instant."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 3  # octets of a pixel: red, green, blue
_HEAD = struct.Struct(">IIBBBBB")  # section 4.1.1: width, height, bits, colour type, compression, filter, interlace


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Returns a picture; `pixels` are three octets each, line by line. Raises ValueError for another number of them."""
    line = width * _COLOURS
    if not width or not height or len(pixels) != line * height:
        raise ValueError(f"{len(pixels)} octets are no picture of {width} x {height}")
    lines = b"".join(b"\0" + pixels[at : at + line] for at in range(0, len(pixels), line))  # section 6: no filter
    chunks = ((b"IHDR", _HEAD.pack(width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, held) for name, held in chunks)


def _chunk(name: bytes, held: bytes) -> bytes:
    return struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held))
