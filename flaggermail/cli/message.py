# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail message`: shows mails, and records an officer's corrections to sender and kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import CASE, CHANNEL
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import INSTANT_HELP, typed_instant
from flaggermail.cli.lists import Field, Row, ShownList, fields, joined, show_sheet
from flaggermail.cli.new_files import PRIVATE, write_new
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import choice, doubt_of, minute, part, parts, tell_who_looks, text, texts
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import Refusal
from flaggermail.mail.message import ForwardSource
from flaggermail.record.case_values import AuthorWord, MarkedAs
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, Place
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def show_mail(session: Session, key: str, *, as_json: bool) -> None:
    """Prints the message with that id or Message-ID. Raises NotFound, ArchiveFailure, Refusal if it was destroyed."""
    found = session.ask_all("message show", "receipts", message=key)
    if as_json:
        show_json(found)
        return
    tell_who_looks(found)
    _show_facts(found)
    _show_hops(parts(found, "hops"))
    for receipt in parts(found, "receipts"):
        _show_receipt(receipt)
    _show_text(found)


def sender(message: Mapping[str, Json]) -> str:
    """Formats the sender of a message, with the verdict unless they are verified."""
    doubt = doubt_of(text(message, "verdict"))
    return (text(message, "from_address") + (f" ({doubt})" if doubt else "")).strip()


def suggestions(message: Mapping[str, Json]) -> list[str]:
    """Formats the suggested cases with their score and evidence."""
    return [f"{one['case']} ({one['score']}): {'; '.join(texts(one, 'why'))}" for one in parts(message, "suggestions")]


def _show_facts(message: Mapping[str, Json]) -> None:
    mail = part(message, "mail")
    show_sheet({**message, **{name: mail[name] for name in ("from", "to", "cc", "subject")}}, FACTS)


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
    click.echo("\nAt receipt")
    show_sheet({**receipt, **part(receipt, "signature")}, RECEIPT, indent="  ")


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
    attachments = parts(message, "attachments")
    if attachments:
        click.echo("\nAttachments")
    for one in attachments:
        digest = f"  SHA-256 {one['sha256']}" if one["sha256"] else ""
        named = f"{one['number']}. {one['filename'] or '(no name)'}  {one['content_type']}"
        click.echo(safe_line(f"  {named}  {countable(one['size']):octet|octets}{digest}"))


def _show_forwarded(forwarded: Mapping[str, Json], *, zone_assumed: bool) -> None:
    said = "as its text says, not verified" if forwarded["source"] == ForwardSource.INLINE else "attached, not verified"
    click.echo(f"\nForwarded mail ({said})")
    author = [part(forwarded, "from")] if forwarded["from"] else []
    zone = " (zone assumed)" if zone_assumed else ""
    show_sheet({**forwarded, "from": author, "date": f"{forwarded['date']}{zone}"}, FORWARDED, indent="  ")
    for line in safe(text(forwarded, "body").strip()).splitlines():
        click.echo(f"  | {line}")


def _people(mail: Row, name: str) -> str:
    """Formats people; a forward may name one without an address."""
    return ", ".join(
        f"{one['name']} <{one['address']}>" if one["name"] and one["address"] else str(one["address"] or one["name"])
        for one in parts(mail, name)
    )


def _instant(message: Row) -> str:
    disputed = ", disputed: a person must confirm it" if message["disputed"] else ""
    return f"{minute(message, 'received_at')}{_arrival(message)}{disputed}"


FACTS = (
    Field("id", "id"), *(Field(name, name, _people) for name in ("from", "to", "cc")), Field("subject", "subject"),
    Field("sent", lambda message: _instant(message) if message["direction"] == Direction.OUT else ""),
    Field("received", lambda message: _instant(message) if message["direction"] != Direction.OUT else ""),
    Field("sender", lambda message: f"{message['verdict']}{_because(message['verdict_basis'])}"),
    Field("kinds", "kinds", joined), *fields("rule", "place", "case", "notification"), Field("placed by", "basis"),
    Field("reason", "reason"), Field("suggestions", suggestions), Field("same Message-ID as", "same_id_as"),
    Field("defects", "defects"),
)  # fmt: skip
RECEIPT = (
    Field("taken in", lambda one: f"{minute(one, 'at')}, {one['folder']}, octets: {one['source']}"),
    Field("sender", lambda one: f"{one['verdict']}{_because(one['verdict_basis'])}"),
    Field("signature", lambda one: f"{one['state']}{_because(one['basis'])}"),
    Field("key", lambda one: f"{one['selector']}._domainkey.{one['domain']}" if one["domain"] else ""),
    Field("record", lambda one: "none" if one["key_record"] == "" else one["key_record"]),
    Field("DNSSEC", lambda one: f"{one['dnssec']}, by {one['resolver'] or 'nobody'}" if one["looked_up_at"] else ""),
    Field("looked up", "looked_up_at", minute),
)  # fmt: skip
"""A receipt, and beside it the facts of its signature."""
FORWARDED = (*(Field(name, name, _people) for name in ("from", "to", "cc")), *fields("subject", "date"))

KINDS = choice(Kind)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


MESSAGES = ShownList(
    "message list", "messages", "",
    (
        Field("received", "received_at", minute), Field("id", "id"), Field("from", sender), Field("subject", "subject"),
        Field("kinds", "kinds", joined), Field("reason", "reason"),
    ),
)  # fmt: skip


@click.group(name="message", cls=Noun)
def command() -> None:
    """List, show and correct messages.

    Example: flaggermail message show m00000012
    """


@command.command(name="list")
@click.option(
    "--place",
    type=choice(place for place in Place if place is not Place.QUARANTINE),
    default=Place.NOISE.value,
    help="The place to list.",
)
@as_json_option
@click.pass_obj
def list_(session: Session, place: str, *, as_json: bool) -> None:
    """List messages by place, the quarantine excepted, which has its own list. No message is ever dropped.

    Example: flaggermail message list --place declined
    """
    shown = replace(MESSAGES, empty=f"no message is in {place}")
    shown.show(session, as_json=as_json, place=place)


@command.command(name="show")
@click.argument("message", metavar="ID")
@as_json_option
@click.pass_obj
def show(session: Session, message: str, *, as_json: bool) -> None:
    """Show a mail in full, by its id or its Message-ID.

    Example: flaggermail message show m00000012
    """
    show_mail(session, message, as_json=as_json)


@command.acts("confirm")
@click.argument("message", metavar="ID")
@click.option("--mail", default="", metavar="MAIL", help="The mail of ours that a delivery report is about.")
def confirm() -> None:
    """Confirm the sender of a mail, or a disputed arrival: from now on the mail counts.

    A delivery report that fits several mails of ours counts once you name one of them.

    Example: flaggermail message confirm m00000012 --mail o00000034
    """


@command.acts("mark")
@click.argument("message", metavar="ID")
@click.option("--as", "mark", required=True, type=choice(MarkedAs), help="What it is.")
@click.option("--case", type=CASE, metavar="CASE", help="The case it belongs to.")
@click.option("--channel", type=CHANNEL, metavar="CODE", help="A notification's channel. [default: by its recipients]")
@click.option("--notification", metavar="ID", help="The notification it answers. [default: the only one of the case]")
@click.option("--at", type=typed_instant, metavar="INSTANT", help=f"When it was sent or came, by hand. {INSTANT_HELP}")
def mark_() -> None:
    """Say what an old mail is: the copy of a notification, or a platform's answer to one.

    You vouch for the mail, and for the instant that its file gives; an instant that you name (--at) is printed as
    "basis: by hand" wherever it counts. No reminder and no letter follows from what is more than a week old. A
    notification without a copy is a note: flaggermail case note CASE --counts-as notification.

    Example: flaggermail message mark m00000012 --as notification --case VF-EP2019-0001 --channel x-urgent
    """


@command.acts("refuse")
@click.argument("message", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why the sender is not authentic.")
def refuse() -> None:
    """Reject the sender of a mail as not authentic: the mail stops no clock.

    Example: flaggermail message refuse m00000012 --reason "the platform says by phone that it did not write this"
    """


@command.acts("author")
@click.argument("message", metavar="ID")
@click.argument("author", type=choice(AuthorWord), metavar="person|system")
def author() -> None:
    """Say whether a person or a system wrote a platform's mail. Its clocks are judged anew, from its own arrival.

    Example: flaggermail message author m00000012 person
    """


@command.command(name="reclassify")
@click.argument("message", metavar="ID")
@click.option("--kind", "kinds", multiple=True, type=KINDS, metavar="KIND", help="The kind of mail; repeatable.")
@click.option("--case", type=CASE, metavar="CASE", help="The case it belongs to.")
@click.option("--notification", metavar="ID", help="The notification it answers, such as VF-EP2024-0001/2.")
@as_json_option
@click.pass_obj
def reclassify(session: Session, /, *, as_json: bool, **asked: Json) -> None:
    """Correct the kind or the case of a mail. Clocks, reminders and figures follow at once; the history is kept.

    Example: flaggermail message reclassify m00000012 --kind platform_ack --case VF-EP2024-0002
    """
    answer = session.ask("message reclassify", **asked)
    report_answer(answer, as_json=as_json)
    click.echo(f"note: to teach the rules: flaggermail message sample {answer['key']} --out DIR", err=True)


@command.command(name="sample")
@click.argument("message", metavar="ID")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="The output folder."
)
@click.option("--name", metavar="NAME", help="The name of both files. [default: the kind of mail and a number]")
@as_json_option
@click.pass_obj
def sample(session: Session, message: str, out: Path, name: str | None, *, as_json: bool) -> None:
    """Write an anonymised mail as a sample for the rules: NAME.eml and NAME.yaml.

    Read both before you share them: no program recognises every name.

    Example: flaggermail message sample m00000012 --out samples --name platform-receipt-portal-nl
    """
    if name is not None and not _NAME.fullmatch(name):
        raise Refusal(f"name {name}: write small letters, digits and -, such as platform-receipt-nl")
    found = session.ask("message sample", message=message)
    chosen = name or _free_name(out, text(found, "name"))
    paths = [out / f"{chosen}.{ending}" for ending in ("eml", "yaml")]
    if any(path.exists() for path in paths):
        raise Refusal(f"name {chosen}: is in {out} already; choose another one (--name)")
    out.mkdir(parents=True, exist_ok=True)
    contents = [str(content).encode() for content in (found["mail"], found["beside"])]
    write_new(list(zip(paths, contents, strict=True)))
    if as_json:
        show_json({**found, "name": chosen, "files": [str(path) for path in paths]})
    else:
        for path in paths:
            click.echo(safe_line(str(path)))
    for difference in texts(found, "differences"):
        click.echo(f"note: not read as the mail itself is: {difference}", err=True)
    click.echo(
        "note: read both files before anybody else sees them: names, places and numbers may be left in the text. Then "
        f"write `about`, put them into rules/samples, and add to the rule: samples: {{match: [{chosen}]}}",
        err=True,
    )


@command.command(name="save")
@click.argument("message", metavar="ID")
@click.option("--attachment", metavar="NAME", help="Only this attachment, by its name or its position from 1.")
@click.option(
    "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="The output folder.",
)  # fmt: skip
@as_json_option
@click.pass_obj
def save(session: Session, message: str, attachment: str | None, folder: Path, *, as_json: bool) -> None:
    """Save a mail, octet for octet, or one of its attachments. No existing file is overwritten.

    An attachment comes from a stranger: open it where it can do no harm.

    Example: flaggermail message save m00000012 --attachment screenshot.png --to evidence
    """
    found = session.fetch("message octets", message=message, attachment=attachment)
    path = folder / found.name
    folder.mkdir(parents=True, exist_ok=True)
    write_new([(path, found.whole())], "choose another folder (--to)", PRIVATE)
    if as_json:
        show_json({**found.facts, "file": str(path)})
    else:
        click.echo(safe_line(str(path)))


def _free_name(folder: Path, base: str) -> str:
    """Returns `base` with the first number that no file in the folder has."""
    return next(free for n in range(1, 10_000) if not (folder / f"{(free := f'{base}-{n}')}.eml").exists())
