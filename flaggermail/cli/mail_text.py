# SPDX-License-Identifier: EUPL-1.2
"""Shows a stored mail in full: the sender's text, the forwarded mail and the attachments."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import click

from flaggermail.cli.instants import shown
from flaggermail.cli.session import Session, show_json
from flaggermail.cli.showing import listed, plain
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import Refusal
from flaggermail.mail.forwards.forwarded import zone_stated
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Address, Forwarded, Message
from flaggermail.mail.message_json import Json, contract
from flaggermail.matching.scoring import read
from flaggermail.record.rows import StoredMessage


def show_mail(session: Session, key: str, *, as_json: bool) -> None:
    """Prints the message with that id or Message-ID. Raises NotFound, ArchiveFault and Refusal if it was destroyed."""
    from flaggermail.commands.lookups import the_message
    from flaggermail.notices.route import hops_of

    environment = session.environment
    with session.reading() as work:
        stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(f"message {stored.id}: was destroyed at the end of the review window")
    message = environment.parser.parse(environment.octets.get(stored.digest))
    with session.reading() as work:
        hops = hops_of(work, stored)
    if as_json:
        listed_hops = [hop.document(session.zone) for hop in hops]
        show_json({**document_of(stored, session.zone), "mail": contract(message), "hops": listed_hops})
        return
    _print_facts(stored, message, session.zone)
    _print_hops(hops, session.zone)
    _print_text(message)


def document_of(stored: StoredMessage, zone: ZoneInfo) -> dict[str, Json]:
    """Returns the row for JSON; each suggestion has its case, score and evidence."""
    return {**plain(stored, zone), "suggestions": [read(text).document for text in stored.suggestions]}


def _print_facts(stored: StoredMessage, message: Message, zone: ZoneInfo) -> None:
    received = "sent" if stored.direction == "out" else "received"
    disputed = ", disputed: a person must confirm it" if stored.disputed else ""
    listed(
        (
            ("id", stored.id),
            ("from", _people(message.from_)),
            ("to", _people(message.to)),
            ("cc", _people(message.cc)),
            ("subject", message.subject),
            (received, f"{shown(stored.received_at, zone)}{disputed}"),
            ("sender", f"{stored.verdict} ({stored.verdict_basis})" if stored.verdict_basis else stored.verdict),
            ("kinds", " + ".join(stored.kinds)),
            ("rule", stored.rule),
            ("place", stored.place),
            ("case", stored.case),
            ("notification", stored.notification),
            ("placed by", stored.match_basis),
            ("reason", stored.reason),
            ("suggestions", stored.suggestions),
            ("same Message-ID as", stored.same_id_as),
            ("defects", stored.defects),
        )
    )


def _print_hops(hops: Iterable[Hop], zone: ZoneInfo) -> None:
    """Prints the servers that relayed the mail, the first one first, each with its own clock's instant."""
    for number, hop in enumerate(hops):
        if number == 0:
            click.echo("\nHops")
        delay = "" if hop.delay is None else f", {hop.delay:.0f} s after the one before"
        sender = f", from {hop.sender}" if hop.sender else ""
        protocol = f" ({hop.protocol})" if hop.protocol else ""
        at = f"{hop.at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if hop.at else "no instant"
        click.echo(safe_line(f"  {at}  {hop.by or '(no name)'}{sender}{protocol}{delay}"))


def _print_text(message: Message) -> None:
    forwarded = message.forwarded
    own = message.reply_text if forwarded is not None else message.text
    if own.strip():
        click.echo(f"\n{safe(own.strip())}")
    if forwarded is not None:
        _print_forwarded(forwarded)
    if message.attachments:
        click.echo("\nAttachments")
    for attachment in message.attachments:
        name = attachment.filename or "(no name)"
        click.echo(safe_line(f"  {name}  {attachment.content_type}  {attachment.size} octets"))


def _print_forwarded(forwarded: Forwarded) -> None:
    said = "as its text says, not verified" if forwarded.source == "inline" else "attached, not verified"
    click.echo(f"\nForwarded mail ({said})")
    listed(
        (
            ("from", _people([forwarded.sender] if forwarded.sender else [])),
            ("to", _people(forwarded.to)),
            ("cc", _people(forwarded.cc)),
            ("subject", forwarded.subject),
            ("date", _instant(forwarded.date)),
        ),
        indent="  ",
    )
    for line in safe(forwarded.body.strip()).splitlines():
        click.echo(f"  | {line}")


def _instant(date: str | None) -> str | None:
    """Formats the date that a mail program wrote in a forward, which rarely states its zone."""
    return f"{date} (zone assumed)" if date and not zone_stated(date) else date


def _people(addresses: Iterable[Address]) -> str:
    return ", ".join(f"{one.name} <{one.address}>" if one.name else one.address for one in addresses)
