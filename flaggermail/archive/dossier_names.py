# SPDX-License-Identifier: EUPL-1.2
"""Names and text in a dossier that are safe in every file system, viewer and terminal."""

from __future__ import annotations

import re
import unicodedata

from flaggermail.mail.subject import ALPHABET, LENGTH

LONGEST = 60  # characters of the stem; the number in front and the extension come on top
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_KEY = re.compile(r"(?:(?<![0-9A-Za-z])vf\.|\+)[0-9a-f]{32}(?![0-9A-Za-z])", re.IGNORECASE)
KEY_SHOWN = "[key]"
# Unicode general categories: control, format (bidirectional and invisible characters), surrogate, separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def file_name(number: str, name: str | None) -> str:
    """Returns `number` and what is left of a stranger's file name: ASCII letters, digits, `.`, `_` and `-`.

    The number in front keeps two equal names apart, and makes a reserved one, such as CON, harmless. One dot is left:
    no attachment passes for metadata (`.mdto.xml`), or for something else than it is (`.pdf.exe`).
    """
    plain = unicodedata.normalize("NFKD", (name or "")[:1000]).encode("ascii", "ignore").decode("ascii")
    plain = _UNSAFE.sub("_", re.sub(r".*[/\\]", "", plain))
    extension = found.group() if (found := _EXTENSION.search(plain)) else ""
    stem = plain[: len(plain) - len(extension)].replace(".", "_").strip("_-")[:LONGEST].rstrip("_-")
    return f"{number}-{stem or 'attachment'}{extension or '.bin'}"


def visible(text: str) -> str:
    """Shows control, bidirectional and invisible characters as `<U+202E>`; keeps line breaks and tabs."""
    return "".join(
        f"<U+{ord(sign):04X}>" if unicodedata.category(sign) in _UNSEEN and sign not in "\n\t" else sign
        for sign in text
    )


def visible_line(text: str) -> str:
    """Does the same for one line, with a space for each line break or tab."""
    return visible(" ".join(text.split()))


class Keys:
    """Hides the keys in our own words: a mail that bears one is filed, or acts in somebody's name.

    They are the reply keys in Message-IDs and reply addresses, and the tails of case numbers (`prefixes` begin them).
    """

    def __init__(self, *prefixes: str) -> None:
        begins = "|".join(map(re.escape, prefixes))
        number = rf"(?<![A-Za-z0-9])((?:{begins})-[A-Z0-9]{{1,24}}-[0-9]{{1,9}})-[{ALPHABET}]{{{LENGTH}}}"
        self._tailed = re.compile(rf"{number}(?![A-Za-z0-9])", re.IGNORECASE)

    def hidden(self, text: str) -> str:
        """Returns the text without keys: a tail is left out, a reply key is replaced by `[key]`."""
        return self._tailed.sub(r"\1", _KEY.sub(KEY_SHOWN, text))
