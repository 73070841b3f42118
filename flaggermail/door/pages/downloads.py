# SPDX-License-Identifier: EUPL-1.2
"""Files that leave the pages: always as a download (RFC 6266), by a name and a media type that nobody outside chose.

A file keeps its kind only if it is passive, and if it is what its name says by its own first octets; every other one is
octets, and its name ends so that no system opens it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response

from flaggermail.desk.views.view import Document
from flaggermail.documents.octets import MediaType, Octets, file_name

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PassiveKind:
    """A kind of file that runs nothing: its endings, and what its octets begin with."""

    media_type: MediaType
    endings: tuple[str, ...]
    begins: bytes


PASSIVE = (
    PassiveKind(MediaType.PNG, ("png",), b"\x89PNG\r\n\x1a\n"),  # RFC 2083, 3.1
    PassiveKind(MediaType.JPEG, ("jpg", "jpeg"), b"\xff\xd8\xff"),
    PassiveKind(MediaType.PDF, ("pdf",), b"%PDF-"),
    PassiveKind(MediaType.TEXT, ("txt",), b""),
)


def download(octets: bytes, name: str, kind: MediaType) -> Response:
    """Returns an answer that a browser saves and does not show; `name` is of ASCII letters, digits, `.`, `_`, `-`."""
    answer = Response(octets, content_type=str(kind))
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "no-store"
    return answer


def attachment(found: Octets[Document], number: int) -> Response:
    """Returns an attachment of a stranger's mail as a download; `number` is its position from 1."""
    octets, key = found.whole(), f"{found.facts['message']}-{number}"
    name = file_name(key, None if found.name == f"{key}.bin" else found.name)
    stem, _, ending = name.rpartition(".")
    fits = (one for one in PASSIVE if ending.lower() in one.endings and _is_of(one, octets))
    kind = next(fits, None)
    if kind is None:
        return download(octets, f"{stem}.bin" if ending == "bin" else f"{stem}_{ending}.bin", MediaType.UNTOLD)
    return download(octets, f"{stem}.{kind.endings[0]}", kind.media_type)


def _is_of(kind: PassiveKind, octets: bytes) -> bool:
    if kind.media_type is not MediaType.TEXT:
        return octets.startswith(kind.begins)
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(octets) is None
