# SPDX-License-Identifier: EUPL-1.2
"""Serialises a Message to JSON: as `flaggermail parse --json` documents it, and in full between processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from flaggermail.mail.message import (
    Address,
    Attachment,
    BounceClass,
    Comment,
    Forwarded,
    ForwardSource,
    HtmlReading,
    MailKeys,
    MechanicalKind,
    Message,
    NoReceipt,
    is_sane,
)

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def contract(message: Message) -> dict[str, Json]:
    """Returns the object of `parse --json`; dates are ISO 8601 with offset."""
    return {
        "sha256": message.sha256,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": message.references,
        "from": _addresses(message.from_),
        "to": _addresses(message.to),
        "cc": _addresses(message.cc),
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else None,
        "kind": message.kind.value,
        "failed_recipients": message.failed_recipients,
        "bounce_class": message.bounce_class,
        "forwarded": _claimed(message.forwarded) if message.forwarded else None,
        "text": message.text,
        "reply_text": message.reply_text,
        "attachments": _attachments(message.attachments),
        "defects": message.defects,
    }


def _addresses(addresses: Iterable[Address]) -> list[Json]:
    return [{"name": one.name, "address": one.address} for one in addresses]


def _attachments(attachments: Iterable[Attachment]) -> list[Json]:
    return [{"filename": one.filename, "content_type": one.content_type, "size": one.size} for one in attachments]


def _claimed(forwarded: Forwarded) -> dict[str, Json]:
    """Returns a forwarded mail. A printed author may have a name without an address."""

    def person(address: Address) -> Json:
        if "@" in address.address:
            return {"name": address.name, "address": address.address}
        return {"name": address.name or address.address, "address": None}

    return {
        "from": person(forwarded.sender) if forwarded.sender else None,
        "to": [person(one) for one in forwarded.to],
        "cc": [person(one) for one in forwarded.cc],
        "subject": forwarded.subject,
        "date": forwarded.date,
        "body": forwarded.body,
        "source": forwarded.source,
    }


def packed(message: Message) -> dict[str, Json]:
    """Returns every value of a Message; `unpacked` is the inverse."""
    return {
        **contract(message),
        "size": message.size,
        "reply_to": _addresses(message.reply_to),
        "unseen": [list(place) for place in message.unseen],
        "html_text": message.html_text,
        "comment": [message.comment.name, message.comment.text] if message.comment else None,
        "no_receipt": message.no_receipt,
        "away_until": message.away_until,
        "original_message_id": message.original_message_id,
        "original_envelope_id": message.original_envelope_id,
        "original_subject": message.original_subject,
        "original_token": message.original_token,
        "forwarded": _packed_forward(message.forwarded) if message.forwarded else None,
        "headers": [list(field) for field in message.headers],
        "enclosed": [number for span in message.enclosed for number in span],
        "answerable": message.answerable,
        "keys": _packed_keys(message.keys) if message.keys else None,
        "content_key": message.content_key,
        "overran": message.overran,
        "costly": message.costly,
        "html": _packed_html(message.html) if message.html else None,
    }


def _packed_keys(keys: MailKeys) -> list[Json]:
    return [keys.tokens, keys.named, keys.topic, keys.prefix, keys.inner_topic]


def _packed_html(html: HtmlReading) -> list[Json]:
    return [html.text, html.reply_text, html.seen_text, html.seen_reply_text]


def _packed_forward(forwarded: Forwarded) -> dict[str, Json]:
    return {
        "from": _addresses([forwarded.sender] if forwarded.sender else []),
        "to": _addresses(forwarded.to),
        "cc": _addresses(forwarded.cc),
        "subject": forwarded.subject,
        "date": forwarded.date,
        "body": forwarded.body,
        "source": forwarded.source,
    }


def unpacked(value: object) -> Message:
    """Returns the Message of a `packed` object. Raises TypeError, KeyError or ValueError if it is not one."""
    fields = _object(value)
    date = _text_or_none(fields["date"])
    forwarded, bounce, no_receipt = fields["forwarded"], fields["bounce_class"], fields["no_receipt"]
    return Message(
        sha256=_text(fields["sha256"]),
        size=_number(fields["size"]),
        message_id=_text_or_none(fields["message_id"]),
        in_reply_to=_texts(fields["in_reply_to"]),
        references=_texts(fields["references"]),
        from_=_mailboxes(fields["from"]),
        reply_to=_mailboxes(fields["reply_to"]),
        to=_mailboxes(fields["to"]),
        cc=_mailboxes(fields["cc"]),
        subject=_text_or_none(fields["subject"]),
        date=_instant(date) if date else None,
        kind=MechanicalKind(_text(fields["kind"])),
        comment=Comment(*_texts(fields["comment"])) if fields["comment"] is not None else None,
        no_receipt=NoReceipt(_text(no_receipt)) if no_receipt is not None else None,
        away_until=_text(fields["away_until"]),
        failed_recipients=_texts(fields["failed_recipients"]),
        bounce_class=BounceClass(_text(bounce)) if bounce is not None else None,
        original_message_id=_text_or_none(fields["original_message_id"]),
        original_envelope_id=_text_or_none(fields["original_envelope_id"]),
        original_subject=_text_or_none(fields["original_subject"]),
        original_token=_text_or_none(fields["original_token"]),
        forwarded=_forward(_object(forwarded)) if forwarded is not None else None,
        text=_text(fields["text"]),
        unseen=tuple((_number(at), _text(words)) for at, words in map(_list, _list(fields["unseen"]))),
        html_text=_text(fields["html_text"]),
        reply_text=_text(fields["reply_text"]),
        attachments=tuple(_listed(_object(one)) for one in _list(fields["attachments"])),
        defects=_texts(fields["defects"]),
        headers=tuple((_text(name), _text(content)) for name, content in map(_list, _list(fields["headers"]))),
        enclosed=_spans(_list(fields["enclosed"])),
        answerable=fields["answerable"] is True,
        keys=_keys(_list(fields["keys"])) if fields["keys"] is not None else None,
        content_key=_text(fields["content_key"]),
        overran=fields["overran"] is True,
        costly=fields["costly"] is True,
        html=HtmlReading(*_texts(fields["html"])) if fields["html"] is not None else None,
    )


def _forward(fields: Mapping[str, object]) -> Forwarded:
    return Forwarded(
        sender=next(iter(_mailboxes(fields["from"])), None),
        to=_mailboxes(fields["to"]),
        cc=_mailboxes(fields["cc"]),
        subject=_text_or_none(fields["subject"]),
        date=_text_or_none(fields["date"]),
        body=_text(fields["body"]),
        source=ForwardSource(_text(fields["source"])),
    )


def _keys(values: Sequence[object]) -> MailKeys:
    tokens, named, topic, prefix, inner_topic = values
    return MailKeys(_texts(tokens), _texts(named), _text(topic), _text_or_none(prefix), _text(inner_topic))


def _spans(numbers: Sequence[object]) -> tuple[tuple[int, int], ...]:
    flat = [_number(number) for number in numbers]
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _listed(fields: Mapping[str, object]) -> Attachment:
    return Attachment(_text_or_none(fields["filename"]), _text(fields["content_type"]), _number(fields["size"]))


def _mailboxes(value: object) -> tuple[Address, ...]:
    people = map(_object, _list(value))
    return tuple(Address(_text(person["address"]), _text_or_none(person["name"])) for person in people)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {type(value).__name__}")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not is_sane(at):
        raise ValueError("no instant of a mail")
    return at


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text was expected, not {type(value).__name__}")
    if not value.isascii():
        value.encode()  # half of a surrogate pair cannot be stored; UnicodeEncodeError is a ValueError
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a number was expected, not {type(value).__name__}")
    return value
