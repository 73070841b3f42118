# SPDX-License-Identifier: EUPL-1.2
"""Real mail from outside the project, kept next to the checkout, is parsed completely and in time."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from email import message_from_bytes
from email.message import Message as EmailMessage
from pathlib import Path

import pytest

from flaggermail.mail.message import MechanicalKind, Message, contract, packed, unpacked
from tests.corpus import looked_at
from tests.pace import within
from tests.shipped_parser import PARSER

CORPUS = Path(__file__).parents[3].parent / "shared" / "mail-corpus"

MAILS = sorted(CORPUS.glob("*/cases/*.eml"))
SLOWEST = 1.0  # seconds for one mail
RECALL = {  # share of the judged mails of a kind that are read as that kind
    MechanicalKind.HUMAN: 0.995,
    MechanicalKind.BOUNCE: 0.99,
    MechanicalKind.AUTO_REPLY: 0.95,
    MechanicalKind.FEEDBACK_REPORT: 0.95,
}
CAUGHT = re.compile("^parser |unreadable: ")  # defects that name the class of an exception
CAUGHT_AT_MOST = 1 / 200  # share of mails in which an exception was caught

pytestmark = pytest.mark.skipif(not MAILS, reason=f"{len(MAILS)} mails of the corpus are at hand")


def read_all() -> list[tuple[Path, bytes, Message, float]]:
    """Returns every mail, its message, and the seconds it took."""
    parser = PARSER
    found = []
    for path in MAILS:
        looked_at("mails")
        octets = path.read_bytes()
        begun = time.process_time()
        message = parser.parse(octets)
        found.append((path, octets, message, time.process_time() - begun))
    return found


def test_every_mail_is_taken_in_whole_and_in_time() -> None:
    """Each mail is parsed within a second, with the digest of every octet and hardly ever a caught exception."""
    read = read_all()
    assert [
        path.name for path, octets, message, _ in read if message.sha256 != hashlib.sha256(octets).hexdigest()
    ] == []
    assert [(path.name, seconds) for path, _, _, seconds in read if not within(seconds, SLOWEST)] == []
    caught = [path.name for path, _, message, _ in read if any(map(CAUGHT.search, message.defects))]
    assert len(caught) <= len(read) * CAUGHT_AT_MOST, caught


def test_what_was_read_can_be_stored_and_sent() -> None:
    """A parsed mail has no surrogate, NUL or bare CR and only aware dates, and survives JSON unchanged."""
    for path, _, message, _ in read_all():
        text = json.dumps(packed(message), ensure_ascii=False)
        text.encode("utf-8")
        assert "\\u0000" not in text, path.name
        assert "\\r" not in json.dumps([message.text, message.subject]).replace("\\\\", ""), path.name
        assert message.date is None or message.date.tzinfo is not None, path.name
        assert unpacked(json.loads(json.dumps(packed(message)))) == message, path.name
        json.dumps(contract(message))


def test_the_kinds_are_recalled() -> None:
    """Over all packs together, of each kind nearly every judged mail is read as that kind."""
    right, judged, missed = Counter[str](), Counter[str](), []
    for path, _, message, _ in read_all():
        kind = json.loads(path.with_suffix(".expected.json").read_text("utf-8")).get("kind")
        if kind is None:
            continue
        wanted = kind if isinstance(kind, str) else kind[0]  # a list begins with the best of several right answers
        judged[wanted] += 1
        right[wanted] += message.kind == wanted
        missed += [] if message.kind == wanted else [f"{path.stem}: {message.kind}"]
    assert all(judged[kind] for kind in RECALL), judged
    low = {kind: (right[kind], judged[kind]) for kind, floor in RECALL.items() if right[kind] < floor * judged[kind]}
    assert not low, (low, missed)


def plain_leaf(mail: EmailMessage) -> EmailMessage | None:
    """Returns the first plain text part by the standard library's parser, not looking into enclosed mails."""
    if mail.is_multipart():
        parts = mail.get_payload() if mail.get_content_type() != "message/rfc822" else []
        found = (plain_leaf(part) for part in parts if isinstance(part, EmailMessage))
        return next((leaf for leaf in found if leaf is not None), None)
    own = mail.get_content_disposition() != "attachment" and mail.get_filename() is None
    return mail if own and mail.get_content_type() == "text/plain" else None


def test_the_text_is_what_the_standard_library_reads() -> None:
    """The text equals that of the standard library for every mail without defects.

    HTML is read if the plain part is empty; such mails are skipped.
    """
    differing = []
    for path, octets, message, _ in read_all():
        leaf = None if message.defects else plain_leaf(message_from_bytes(octets))
        payload = leaf.get_payload(decode=True) if leaf is not None else None
        if leaf is None or not isinstance(payload, bytes) or not payload.strip():
            continue
        try:
            text = payload.decode(leaf.get_content_charset() or "utf-8")
        except (LookupError, UnicodeDecodeError):
            continue
        text = text.removeprefix("\ufeff").replace("\0", "\ufffd")
        if text.replace(">", " ").split() != message.text.replace(">", " ").split():  # flowed quotations are joined
            differing.append(path.name)
    assert differing == []
