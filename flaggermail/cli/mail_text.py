# SPDX-License-Identifier: EUPL-1.2
"""Shows a stored mail in full: the sender's text, the forwarded mail and the attachments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.documents import minute, part, parts, text, texts
from flaggermail.cli.session import Session, show_json
from flaggermail.cli.showing import DOUBTS, listed
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.mail.message import ForwardSource
from flaggermail.record.kinds import ArrivalBasis, Direction
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def show_mail(session: Session, key: str, *, as_json: bool) -> None:
    """Prints the message with that id or Message-ID. Raises NotFound, ArchiveFault and Refusal if it was destroyed."""
    found = session.ask("message show", message=key)
    if as_json:
        show_json(found)
        return
    _show_facts(found)
    _show_hops(parts(found, "hops"))
    for receipt in parts(found, "receipts"):
        _show_receipt(receipt)
    _show_text(found)


def sender(message: Mapping[str, Json]) -> str:
    """Formats the sender of a message, with the verdict unless they are verified."""
    doubt = DOUBTS.get(text(message, "verdict"))
    return (text(message, "from_address") + (f" ({doubt})" if doubt else "")).strip()


def suggestions(message: Mapping[str, Json]) -> list[str]:
    """Formats the suggested cases with their score and evidence."""
    return [f"{one['case']} ({one['score']}): {'; '.join(texts(one, 'why'))}" for one in parts(message, "suggestions")]


def _show_facts(message: Mapping[str, Json]) -> None:
    mail = part(message, "mail")
    received = "sent" if message["direction"] == Direction.OUT else "received"
    disputed = ", disputed: a person must confirm it" if message["disputed"] else ""
    listed(
        (
            ("id", message["id"]),
            ("from", _people(parts(mail, "from"))),
            ("to", _people(parts(mail, "to"))),
            ("cc", _people(parts(mail, "cc"))),
            ("subject", mail["subject"]),
            (received, f"{minute(message, 'received_at')}{_arrival(message)}{disputed}"),
            ("sender", f"{message['verdict']}{_because(message['verdict_basis'])}"),
            ("kinds", " + ".join(texts(message, "kinds"))),
            ("rule", message["rule"]),
            ("place", message["place"]),
            ("case", message["case"]),
            ("notification", message["notification"]),
            ("placed by", message["basis"]),
            ("reason", message["reason"]),
            ("suggestions", suggestions(message)),
            ("same Message-ID as", message["same_id_as"]),
            ("defects", message["defects"]),
        )
    )


def _arrival(message: Mapping[str, Json]) -> str:
    """Returns what the instant of arrival rests on, unless the server gives it."""
    return "" if message["arrival"] == ArrivalBasis.SERVER else f", basis: {message['arrival']}"


def _show_hops(hops: Sequence[Mapping[str, Json]]) -> None:
    """Prints the servers that relayed the mail, the first one first, each with its own clock's instant."""
    if hops:
        click.echo("\nHops")
    for hop in hops:
        delay = (
            f", {hop['delay_seconds']:.0f} s after the one before" if isinstance(hop["delay_seconds"], float) else ""
        )
        before = f", from {hop['from']}" if hop["from"] else ""
        protocol = f" ({hop['protocol']})" if hop["protocol"] else ""
        at = f"{datetime.fromisoformat(text(hop, 'at')):%Y-%m-%d %H:%M:%S}" if hop["at"] else "no instant"
        click.echo(safe_line(f"  {at}  {hop['by'] or '(no name)'}{before}{protocol}{delay}"))


def _show_receipt(receipt: Mapping[str, Json]) -> None:
    """Prints what was recorded when a copy came in; it may differ from what holds now."""
    signature = part(receipt, "signature")
    name = f"{signature['selector']}._domainkey.{signature['domain']}" if signature["domain"] else ""
    asked = signature["looked_up_at"] is not None
    none_there = "none" if signature["key_record"] == "" else ""
    click.echo("\nAt receipt")
    listed(
        (
            ("taken in", f"{minute(receipt, 'at')}, {receipt['folder']}, octets: {receipt['source']}"),
            ("sender", f"{receipt['verdict']}{_because(receipt['verdict_basis'])}"),
            ("signature", f"{signature['state']}{_because(signature['basis'])}"),
            ("key", name),
            ("record", text(signature, "key_record") or none_there),
            ("DNSSEC", f"{signature['dnssec']}, by {signature['resolver'] or 'nobody'}" if asked else ""),
            ("looked up", minute(signature, "looked_up_at")),
        ),
        indent="  ",
    )


def _because(basis: Json) -> str:
    return f" ({basis})" if basis else ""


def _show_text(message: Mapping[str, Json]) -> None:
    mail = part(message, "mail")
    forwarded = part(mail, "forwarded")
    own = text(mail, "reply_text" if forwarded else "text").strip()
    if own:
        click.echo(f"\n{safe(own)}")
    if forwarded:
        _show_forwarded(forwarded, zone_assumed=message["forwarded_zone_assumed"] is True)
    attachments = parts(mail, "attachments")
    if attachments:
        click.echo("\nAttachments")
    for one in attachments:
        click.echo(
            safe_line(
                f"  {one['filename'] or '(no name)'}  {one['content_type']}  {countable(one['size']):octet|octets}"
            )
        )


def _show_forwarded(forwarded: Mapping[str, Json], *, zone_assumed: bool) -> None:
    said = "as its text says, not verified" if forwarded["source"] == ForwardSource.INLINE else "attached, not verified"
    click.echo(f"\nForwarded mail ({said})")
    listed(
        (
            ("from", _people([part(forwarded, "from")] if forwarded["from"] else [])),
            ("to", _people(parts(forwarded, "to"))),
            ("cc", _people(parts(forwarded, "cc"))),
            ("subject", forwarded["subject"]),
            ("date", f"{forwarded['date']} (zone assumed)" if zone_assumed else forwarded["date"]),
        ),
        indent="  ",
    )
    for line in safe(text(forwarded, "body").strip()).splitlines():
        click.echo(f"  | {line}")


def _people(addresses: Sequence[Mapping[str, Json]]) -> str:
    """Formats people; a forward may name one without an address."""
    return ", ".join(
        f"{one['name']} <{one['address']}>" if one["name"] and one["address"] else str(one["address"] or one["name"])
        for one in addresses
    )
