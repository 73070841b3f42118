# SPDX-License-Identifier: EUPL-1.2
"""Why something in a file or folder of old mail is not taken in."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class NotTaken(Sentence):
    """Why a mail, file or folder named to `ingest` is not taken in."""

    MISSING = "not taken: missing", "there is no such file or folder", "er is geen bestand of map met deze naam"
    UNREADABLE = "not taken: unreadable", "cannot be read: {fault}", "kan niet worden gelezen: {fault}"
    NO_MAIL = (
        "not taken: no mail",
        "is no mail: .eml, .msg, mbox and Maildir are read",
        "is geen mail: gelezen worden .eml, .msg, mbox en Maildir",
    )
    NO_MBOX = (
        "not taken: no mbox",
        "is no mbox: its first line is {line}, and not From, an address and a date",
        "is geen mbox: de eerste regel is {line}, en geen scheidingsregel met adres en datum",
    )
    NO_OUTLOOK = (
        "not taken: no outlook",
        "is no Outlook message, though it is named so",
        "is geen Outlook-bericht, al heet het zo",
    )
    EMPTY = "not taken: empty", "is empty", "is leeg"
    NOTHING = (
        "not taken: nothing",
        "holds no mail: no .eml, no .msg, no mbox and no Maildir",
        "bevat geen mail: geen .eml, geen .msg, geen mbox en geen Maildir",
    )
    NO_HEADER = (
        "not taken: no header",
        "begins with no header field (a name and a colon), so it is no mail",
        "begint niet met een veld van een berichtkop (een naam en een dubbele punt) en is dus geen mail",
    )
    LINK = (
        "not taken: link",
        "is a link, which is not followed; name the file or folder itself",
        "is een koppeling en wordt niet gevolgd; noem het bestand of de map zelf",
    )
    DEEP = (
        "not taken: deep",
        "lies more than {most} folders deep; name it itself",
        "ligt meer dan {most} mappen diep; noem de map zelf",
    )
    TOO_LARGE = (
        "not taken: too large",
        "has {size} octets; at most {most} are taken in",
        "telt {size} octetten; er worden er hoogstens {most} ingelezen",
    )
    CHANGED = (
        "not taken: changed",
        "changed while it was read; run ingest again",
        "veranderde tijdens het lezen; voer ingest opnieuw uit",
    )
