# SPDX-License-Identifier: EUPL-1.2
"""Makes names of attachments safe to show, store and save."""

from __future__ import annotations

import re
import unicodedata

from flaggermail.mail.charset import storable

LONGEST = 200  # octets in UTF-8; file systems allow 255, and saving a second copy may append a number

# Invisible characters that reorder or hide others: "invoice", U+202E, "fdp.exe" is displayed like a PDF.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_PATH = re.compile(r"(?:[A-Za-z]:|~?[/\\]|\.{1,2}[/\\])(?:.*[/\\])?|.*[/\\]\.\.[/\\]", re.DOTALL)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)", re.IGNORECASE)  # device names reserved by Windows
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def safe_name(name: str) -> str | None:
    """Strips path, invisible and control characters, device names and excess length; None if nothing is left."""
    plain = _UNSEEN.sub("", storable(unicodedata.normalize("NFC", name[:5000])))
    plain = " ".join(_CONTROL.sub(" ", plain).split())
    path = _PATH.match(plain)
    plain = re.sub(r"[/\\]", "_", plain[path.end() :] if path else plain).strip(". ")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or None


def _shortened(name: str) -> str:
    octets = name.encode("utf-8", "replace")
    if len(octets) <= LONGEST:
        return name
    extension = found.group() if (found := _EXTENSION.search(name)) else ""
    return octets[: LONGEST - len(extension)].decode("utf-8", "ignore").rstrip(". ") + extension
