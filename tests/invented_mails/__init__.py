# SPDX-License-Identifier: EUPL-1.2
"""Plays the invented mails of this folder, each on a copy of a desk that waits for it, and says what came of it.

What officers are told counts for 45 minutes: a mail that only the list of the next morning names is silent.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from flaggermail.cases import lifecycle
from flaggermail.commands.approve import Approve
from flaggermail.commands.cases import OpenCase
from flaggermail.notices import digest, shown_mail
from flaggermail.record.case_values import CaseType, Item, Origin
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from flaggermail.record.states import CLOCKS
from flaggermail.services import UnitOfWork
from flaggermail.stories.played_mail import delivered, sent
from flaggermail.stories.scenario_file import Answers, ClaimedResult, MailEntry
from flaggermail.wording.filing import MachineStatement
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import DESK, START, Desk, desk_settings, equipped, mail, opened, registered

HERE = Path(__file__).parent
SENDERS = {
    "authority": "l.demo@lindewaard.example", "stranger": "k.deboer@mensen.example",
    "referrer": "w.burger@vlotmail.example", "platform": "elections-eu@tiktok-platform.example",
    "officer": "b.devries@bzk.example",
}  # fmt: skip
OURS = {
    "platform": Answers(kind=Kind.NOTIFICATION), "officer": Answers(kind=Kind.APPROVAL_REQUEST, to=SENDERS["officer"]),
}  # fmt: skip
"""The mail of ours that each of them answers."""
HEAD = f"From: Election flagger <{DESK}>\nSent: Thursday, June 6, 2024 10:34 AM\nTo: X\nSubject: Request"
_KNOWN_BY = 30  # first signs of a mail's longest line, by which its text is known in a notice
EVENT = "BEGIN:VCALENDAR\nMETHOD:{}\nBEGIN:VEVENT\nUID:1\nDTSTART:20240606T140000Z\nEND:VEVENT\nEND:VCALENDAR\n"
WROTE = "On Thu, 6 Jun 2024 at 10:34, Election flagger wrote:\n"
WAITING = ("approval", "answer", "after a receipt")  # what a desk waits for as the mail comes
Entry = Mapping[str, Any]
"""A mail: its sender (`by` or `from`), what is in it, and what is to come of it (`expect`)."""


def entries(form: str) -> Iterator[Entry]:
    """Yields the mails of a file, with what stands on top of it where a mail says nothing else."""
    common = YAML(typ="safe").load(HERE / f"{form}.yaml")
    for at, one in enumerate(common.pop("mails"), start=1):
        merged = {key: {**common.get(key, {}), **one.get(key, {})} for key in ("expect", "header")}
        yield {**common, "name": f"{form} {at}", **one, **merged}


class Desks:
    """The desks that wait, of which each mail gets a copy."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._settings = folder, desk_settings()
        self._equipment = equipped(self._settings, folder)
        for waiting in WAITING:
            self._prepare(waiting)

    def play(self, entry: Entry) -> dict[str, object]:
        """Returns what came of the mail, by the keys of `expect`."""
        with tempfile.TemporaryDirectory() as name:
            shutil.copytree(self._folder / entry["waiting"], folder := Path(name) / "desk")
            desk = opened(self._equipment, self._settings, folder, entry["name"])
            desk.go_on(5)
            desk.take_in(octets := _delivered(desk, entry))
            for minutes in (0, 15, 30):
                desk.go_on(minutes)
                digest.tell_held_back(desk.env)
                desk.settle()
            found = _outcome(desk, desk.holding(octets), entry)
            desk.env.store.close()
            return found

    def _prepare(self, waiting: str) -> None:
        (folder := self._folder / waiting).mkdir()
        (folder / "database").write_bytes(migrated())
        desk = opened(self._equipment, self._settings, folder, waiting)
        registered(desk.env)
        known = desk.receive(mail(SENDERS["referrer"], "nepbericht", "Kijk hier eens naar."), folder="Earlier")
        desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, from_message=known.id))
        draft = desk.drafted("tiktok-elections")
        desk.settle()
        if waiting != "approval":
            desk.do(Approve(draft=draft), by="officer2")
            desk.settle()
        if waiting == "after a receipt":
            answer = {"by": "platform", "text": "We have it.", "header": {"Auto-Submitted": "auto-replied"}}
            desk.take_in(_delivered(desk, answer), folder="Earlier")
            desk.settle()
        desk.env.store.close()


def _outcome(desk: Desk, row: StoredMessage, entry: Entry) -> dict[str, object]:
    officers = {officer.address for officer in desk.env.settings.rota.officers}
    told = [one for one in desk.mails() if one.recipient in officers and one.queued_at >= row.first_seen_at]
    told = [one for one in told if one.kind not in {Kind.REMINDER, Kind.ESCALATION}]
    texts = " ".join(desk.env.parser.parse(desk.env.octets.get(one.digest)).text for one in told)
    shown = " ".join(texts.replace("|", "").split())
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        lacking = lifecycle.missing_of(work, desk.case(row.case)) if row.case else ()
        signed = shown_mail.signed(work, desk.env.parser.parse(desk.env.octets.get(row.digest)))
    held = {Item.ATTEMPTS, Item.LINK} | ({Item.CONTACT} if "phone" in entry["expect"] else set())
    own = [line for line in str(entry.get("text", "")).splitlines() if "CODE" not in line]
    return {
        **{kind: bool(desk.clock_rows(stopped_by=row.id, kind=kind)) for kind in CLOCKS},
        "told": any(one.shows == row.id for one in told) or (row.subject or "?") in shown,
        "text": max(own, key=len, default="")[:_KNOWN_BY] in shown,
        "matter": Kind.SUBSTANTIVE_REPLY in row.kinds or row.substance or row.says.code == MachineStatement.ANSWER,
        "sent": bool(sent(desk.env, OURS["platform"])),
        "read": all(one in shown for one in entry.get("answers", ())),
        "asked": not held.isdisjoint(lacking),
        "person": signed["signer"] or None,
        "phone": re.sub(r"\(0\)|[^+\d]", "", signed["signer_phone"]),
        "organisation": signed.get("signer_organisation"),
    }


def _delivered(desk: Desk, entry: Entry) -> bytes:
    """Returns the mail as our server delivers it to the desk, in answer to the mail of ours that its sender has."""
    by, now, letter = str(entry.get("by")), desk.clock.now(), ""
    if by == "platform":
        letter = desk.env.parser.parse(desk.env.octets.get(sent(desk.env, OURS[by])[0].digest)).text.strip()
    with tempfile.TemporaryDirectory() as folder:
        (file := Path(folder) / "mail.eml").write_bytes(_octets(entry, letter.split("\n\n")))
        told = MailEntry(file=file.name, at=now, auth=ClaimedResult(entry.get("auth", "pass")), answers=OURS.get(by))
        return delivered(file, told, now, now)(desk.env)


def _octets(entry: Entry, letter: Sequence[str]) -> bytes:
    made, address = EmailMessage(), SENDERS.get(entry.get("by", ""), "")
    if "sender" in entry:
        address = f"{entry['sender']}@{address.partition('@')[2]}"
    name = entry.get("person", entry.get("from_name", ""))
    fields = {"From": entry.get("from", f"{name} <{address}>"), "To": DESK}
    if entry.get("by") not in OURS:
        fields |= {"Subject": entry.get("subject", "Filmpje"), "Date": f"{START:%a, %d %b %Y %H:%M:%S %z}"}
    key = hashlib.sha256(repr(entry).encode()).hexdigest()[:20]
    for field, value in {**fields, "Message-ID": f"<{key}@post.example>", **entry.get("header", {})}.items():
        made[field] = value
    tail = entry.get("tail") or (entry["signature"] if entry.get("sign") else "")
    text = f"{entry.get('text', '')}{tail}".replace("LETTER", WROTE + _quoted(*letter))
    text, page = _inside(entry, letter) if "shape" in entry else (text, entry.get("html", ""))
    made.set_content(text or page, subtype="plain" if text or not page else "html")
    if text and page:
        made.add_alternative(page, subtype="html")
    if method := entry.get("calendar"):
        made.add_alternative(EVENT.format(method), subtype="calendar", params={"method": method})
    for one in entry.get("attach", ()):
        main, _, sub = one["type"].partition("/")
        made.add_attachment(bytes(20_000), maintype=main, subtype=sub, filename=one["name"])
    return made.as_bytes()


def _inside(entry: Entry, letter: Sequence[str]) -> tuple[str, str]:
    """Returns text and page of a mail whose answers stand in or below our letter; either may be empty."""
    answers, above = entry["answers"], entry["above"]
    beside = dict(zip(letter[1::2], answers, strict=False))
    between = [above, HEAD, *(piece for part in letter for piece in (part, beside.get(part, "")) if piece)]
    page = "".join(f"<p>{escape(piece).replace(chr(10), '<br>')}</p>" for piece in between)
    rows = "".join(f"<tr><td>{escape(part)}</td><td>{escape(beside.get(part, ''))}</td></tr>" for part in letter)
    quoted = "\n\n".join(f"{_quoted(part)}\n{beside.get(part, '')}" for part in letter)
    return {
        "between": ("\n\n".join(between), page),
        "between_text": ("\n\n".join(between), ""),
        "cells": ("", f"<p>{escape(above)}</p><p>{escape(HEAD)}</p><table>{rows}</table>"),
        "below": ("\n\n".join((HEAD, *answers, *letter)), ""),
        "end": ("\n\n".join((HEAD, *letter, *answers)), ""),
        "quoted": ("\n".join((WROTE + _quoted(*letter), *answers)), ""),
        "quoted_between": (WROTE + quoted, ""),
        "day": ("\n\n".join((above, *answers, WROTE + _quoted(*letter))), ""),
    }[entry["shape"]]


def _quoted(*paragraphs: str) -> str:
    return "".join(f"> {line}\n" for line in "\n\n".join(paragraphs).splitlines())
