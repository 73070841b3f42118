# SPDX-License-Identifier: EUPL-1.2
"""Opens parts that contain more of the mail in other formats: Outlook messages, winmail.dat, opaque signatures.

Archives are never opened. A part that cannot be opened is a defect, so that a person sees that the mail has more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flaggermail.adapters.parsing.outlook_message import MAGIC, read_outlook
from flaggermail.adapters.parsing.tnef import SIGNATURE, read_tnef
from flaggermail.mail.fields import Parameterised
from flaggermail.mail.mime import OUTLOOK, Part, read_part
from flaggermail.mail.smime import signed_content

SMIME_OPAQUE = "S/MIME: opaque"
SMIME_ENCRYPTED = "S/MIME: encrypted"
PGP_ENCRYPTED = "PGP: encrypted"
REACTION = "reaction"

_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNED = frozenset({"", "signed-data"})  # RFC 8551, section 3.2.2; some programs omit it
_ENCRYPTED = frozenset({"enveloped-data", "authenveloped-data"})


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The parts of a mail, in order; `spare` are those of a winmail.dat, used if no other part has text."""

    parts: tuple[Part, ...]
    spare: tuple[Part, ...]
    defects: tuple[str, ...]


def unpacked(parts: Iterable[Part]) -> Unpacked:
    """Returns `parts` with all that could be opened; enclosed mails stay closed, as children of their part."""
    found: list[Part] = []
    spare: list[Part] = []
    defects: list[str | None] = []
    for part in parts:
        kind = part.type.value
        opened, defect = part, None
        inside: tuple[Part, ...] = ()
        if _is_outlook(part):
            opened, defect = _outlook(part)
        elif kind in _TNEF or _named(part, "winmail.dat"):
            inside, defect = _tnef(part)
            spare += inside
        elif kind in _SMIME:
            inside, defect = _smime(part)
        elif kind == "multipart/encrypted":  # RFC 3156, section 4
            defect = PGP_ENCRYPTED
        elif part.disposition.value == "reaction" or "-reaction+" in kind:  # RFC 9078, section 2
            defect = REACTION
        found.append(opened)
        found += inside if kind in _SMIME else ()
        defects.append(defect)
    return Unpacked(tuple(found), tuple(spare), tuple(defect for defect in defects if defect))


def bare_outlook(octets: bytes) -> Part | None:
    """Returns the mail in a file that is nothing but an Outlook message; None if it is not one or cannot be read."""
    return read_outlook(octets)[0] if octets.startswith(MAGIC) else None


def _named(part: Part, name: str) -> bool:
    return (part.filename or "").lower() == name


def _is_outlook(part: Part) -> bool:
    return part.type.value == OUTLOOK or (part.filename or "").lower().endswith(".msg")


def _outlook(part: Part) -> tuple[Part, str | None]:
    octets, defect = part.octets()
    if not octets.startswith(MAGIC):
        return part, defect
    mail, defect = read_outlook(octets)
    if mail is None:
        return part, defect
    kind = Parameterised(OUTLOOK, part.type.parameters)
    return replace(part, type=kind, children=(mail,), defects=(*part.defects, *mail.defects)), None


def _tnef(part: Part) -> tuple[tuple[Part, ...], str | None]:
    octets, defect = part.octets()
    return read_tnef(octets) if octets.startswith(SIGNATURE) else ((), defect)


def _smime(part: Part) -> tuple[tuple[Part, ...], str | None]:
    kind = part.type.parameters.get("smime-type", "").lower()
    if kind in _ENCRYPTED:
        return (), SMIME_ENCRYPTED
    content = signed_content(part.octets()[0]) if kind in _SIGNED else None
    if content is None:
        return (), SMIME_OPAQUE if kind in _SIGNED else None
    return tuple(read_part(content, whole=False).walk()), None
