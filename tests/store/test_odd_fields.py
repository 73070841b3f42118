# SPDX-License-Identifier: EUPL-1.2
"""Every instant of a list of the odd, in every field that comes from outside: taken in or refused, and all is shown."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import get_type_hints
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from flaggermail.adapters.files.old_mail import MailFiles, MailNames
from flaggermail.archive.find import Criteria
from flaggermail.commands import door, requests
from flaggermail.desk.desk import view_of
from flaggermail.desk.views import VIEWS
from flaggermail.errors import Refusal
from flaggermail.intake import old_mail
from flaggermail.intake.ingest import ingest
from flaggermail.intake.triage import TOLERANCE
from flaggermail.mail.authentication import dkim_signature
from flaggermail.ports import RawMessage, Role
from flaggermail.record.definition import EARLIEST, FIRST, LAST, YEARS
from flaggermail.settings.yaml_files import kinds
from tests.corpus import each
from tests.store.desk_fixtures import CONFIG, META, REFERRER, Desk, X, mail, report_of
from tests.store.test_odd_rows import raised_by_jobs, raised_by_views
from tests.tools.outlook_file import OutlookMail, outlook_message

FIELD = (  # as a field of a mail has it (RFC 5322, section 3.3)
    "Mon, 01 Jan 0001 00:00:00 +0000", "Fri, 31 Dec 9999 23:59:59 +0000", "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 31 Dec 2016 23:59:60 +0000", "Thu, 6 Jun 2024 10:34:00 +2600", "Thu, 6 Jun 2024 10:34:00 -2600",
    "Sun, 29 Mar 2026 02:30:00", "Sun, 25 Oct 2026 02:30:00", "Thu, 6 Jun 0000 10:34:00 +0000",
    "Thu, 6 Jun -001 10:34:00 +0000", "Thu, 01 Jan 1970 00:00:00 +0000", "Thu, 6 Jun 99999 10:34:00 +0000",
    "Thu, 6 Jun 2124 10:34:00 +0000", "6 Jun 2024 10:34:00", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z",
)  # fmt: skip
SECONDS = ("0", "-1", "1", "253402300799", "253402300800", "99999999999999999999", "-62135596801", "1e9", "")
SERVER = (  # as a mail server gives INTERNALDATE
    datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
    datetime(9999, 12, 31, 11, 59, tzinfo=timezone(timedelta(hours=-12))),
    datetime(1, 1, 1, 14, tzinfo=timezone(timedelta(hours=14))), datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2024, 6, 6, 8, 37, tzinfo=UTC), datetime(2024, 6, 7, 8, 33, tzinfo=UTC), datetime(2124, 6, 6, tzinfo=UTC),
)  # fmt: skip
TYPED = (  # as people type it, in a command or in YAML
    "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "9999-12-31T23:59", "2016-12-31T23:59:60+00:00",
    "2024-06-06T10:34:00+26:00", "2024-06-06T10:34:00-26:00", "2026-03-29T02:30", "2026-10-25T02:30",
    "0000-06-06T10:34:00+00:00", "-001-06-06T10:34:00+00:00", "1970-01-01T00:00:00+00:00", "99999-06-06T10:34:00+00:00",
    "2199-12-31T23:59:59-23:59", "1990-01-01T00:00:00+23:59", "2024-06-06T10:34:00", "0", "1e99", "",
    "0001-01-01", "9999-12-31", "0000-00-00", "2024-02-30", "10000-01-01", "2024-W23-4",
)  # fmt: skip

ZONE = ZoneInfo("Europe/Amsterdam")


def odd_mail(number: int, at: str, seconds: str, answers: str) -> bytes:
    """Returns a platform's answer with the instant in every field that may hold one."""
    signature = (
        f"DKIM-Signature: v=1; a=rsa-sha256; d=x-platform.example; s=s1; t={seconds}; x={seconds};"
        " h=from:to:subject:date:message-id; bh=aGFsbG8=; b=aGFsbG8="
    )
    text = (
        f"Got it.\n\n---------- Forwarded message ---------\nFrom: A <a@lindewaard.example>\nDate: {at}\nSent: {at}\n"
        f"Subject: Two boxes\nTo: b@lindewaard.example\n\nOn {at}, A wrote:\n> text"
    )
    more = (signature, f"Resent-Date: {at}", f"Received: from a by b with ESMTP id 1; {at}", f"Deferred-Delivery: {at}")
    octets = mail(X if number % 2 else META, f"Re: {number}", text, answers=answers, extra=more)
    head, _, body = octets.partition(b"\r\n\r\n")
    dated = [f"Date: {at}".encode() if line.startswith(b"Date:") else line for line in head.split(b"\r\n")]
    top = f"Received: from mail.x-platform.example by mx.bzk.example with ESMTPS; {at}".encode()
    return (
        b"\r\n".join([top if line.startswith(b"Received: from mail.") else line for line in dated]) + b"\r\n\r\n" + body
    )


def odd_report(number: int, at: str) -> bytes:
    """Returns a delivery report (RFC 3464) whose instants are all odd."""
    octets = report_of(f"none{number}@bzk.example", REFERRER)
    rest = f"Arrival-Date: {at}\r\nLast-Attempt-Date: {at}\r\nWill-Retry-Until: {at}\r\nAction:".encode()
    return octets.replace(b"Action:", rest, 1)


def assert_bounded_and_shown(desk: Desk) -> None:
    """Asserts that no row holds an instant beyond the bounds, and that all can be read and told."""
    assert raised_by_views(desk.env, CONFIG) == {}
    assert raised_by_jobs(desk.env) == {}
    latest = desk.clock.now() + TOLERANCE
    assert [m.id for m in desk.messages() if not EARLIEST <= m.received_at <= latest] == []
    assert [d.id for d in desk.deliveries() if not EARLIEST <= d.internaldate <= latest] == []
    desk.assert_whole()


def test_in_every_field_of_a_mail(desk: Desk) -> None:
    """Answers and reports with odd instants in every field are filed; none breaks what reads them."""
    answers = desk.message_id_of(desk.notified())
    for number, (at, seconds) in enumerate(zip(FIELD, itertools.cycle(SECONDS), strict=False)):
        desk.receive(odd_mail(number, at, seconds, answers))
        desk.receive(odd_report(number, at))
    assert len(desk.deliveries()) >= 2 * len(FIELD)
    assert_bounded_and_shown(desk)


def test_as_the_date_of_the_server(desk: Desk) -> None:
    """Whatever the server says, in the inbox, in Sent and in the junk folder."""
    answers = desk.message_id_of(desk.notified())
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    mailbox = desk.env.settings.desk.mailbox
    where = ((mailbox.inbox, Role.INBOX), (mailbox.sent, Role.SENT), (mailbox.junk, Role.JUNK))
    for number, (at, (folder, role)) in enumerate(itertools.product(SERVER, where)):
        octets = mail(X, f"Re: {number}", f"Got it, {number}.", answers=answers)
        ingest(desk.env, RawMessage(octets, at, folder, "1", str(number), role))
    assert_bounded_and_shown(desk)


def test_in_files_of_old_mail(desk: Desk, tmp_path: Path) -> None:
    """In the From line of an mbox, as the time of a file, and in a property of Outlook."""
    lines = ("Mon Jan  1 00:00:00 0001", "Fri Dec 31 23:59:59 9999", "Sat Dec 31 23:59:60 2016",
             "Thu Jun  6 10:34:00 +2600 2024", "Sun Mar 29 02:30:00 2026", "Thu Jan  1 00:00:00 1970",
             "Thu Jun  6 10:34:00 0000")  # fmt: skip
    mails = (f"From a@lindewaard.example {line}\nFrom: a@lindewaard.example\nSubject: {number}\n\nTekst {number}\n\n"
             for number, line in enumerate(lines))  # fmt: skip
    (tmp_path / "old.mbox").write_text("".join(mails), "utf-8")
    for number, at in enumerate((0, -1, -2_208_988_800, 2**33, 2**34 - 1)):
        file = tmp_path / f"{number}.eml"
        file.write_bytes(f"From: a@lindewaard.example\r\nSubject: file {number}\r\n\r\nTekst\r\n".encode())
        os.utime(file, (at, at))
    for number, sent in enumerate((datetime(1601, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))):
        octets = outlook_message(OutlookMail(("A", "a@lindewaard.example"), f"outlook {number}", "Tekst", sent=sent))
        (tmp_path / f"outlook{number}.msg").write_bytes(octets)
    old_mail.take_in(desk.env, MailFiles([tmp_path], [], MailNames("Sent", "Junk")), lambda *_: None)
    assert len(desk.messages()) == len(lines) + 5 + 2
    assert_bounded_and_shown(desk)


@dataclass(frozen=True)
class Probe:
    """A request with both types of field."""

    at: requests.Instant | None = None
    on: requests.Day | None = None


@each("at", TYPED)
def test_as_typed_in_a_request(at: str) -> None:
    """It is refused, or lies in the years that are shown."""
    for field in ("at", "on"):
        with suppress(Refusal):
            found = requests.read_request(Probe, "probe", {field: at}, ZONE)
            assert (found.at or found.on or date.min).year in YEARS


@each("name", [*door.COMMANDS, *VIEWS])
def test_no_request_has_another_type_of_instant(name: str) -> None:
    """Each field of a command and of a view that holds an instant or a day is read as above."""
    kind = door.command_of(name) if name in door.COMMANDS else view_of(name)
    bare = {datetime, date, datetime | None, date | None}
    assert [field for field, hint in get_type_hints(kind, include_extras=True).items() if hint in bare] == []


@each("at", TYPED)
def test_as_typed_in_yaml(at: str) -> None:
    """A file with it is refused, or holds an instant that can be shown and summed."""
    for kind in (kinds.Day, kinds.Instant):
        try:
            found = TypeAdapter(kind).validate_python(at)
        except ValidationError:
            continue
        assert found + timedelta(days=36_500)
        assert found - timedelta(days=36_500)
        if isinstance(found, datetime):
            assert FIRST <= found <= LAST


@each("at", TYPED)
def test_as_typed_in_a_search(at: str) -> None:
    """A day or a month is refused in one line, or both its ends are days."""
    for text in (at[:10], at[:7], f"{at[:7]}..", f"..{at[:10]}"):
        criteria = Criteria()
        try:
            criteria.add_date(text)
        except Refusal:
            continue
        for span in criteria.spans:
            assert {day.year for day in (span.first, span.last) if day} <= set(YEARS)


@each("seconds", SECONDS)
def test_in_a_signature(seconds: str) -> None:
    """A time of signing or expiry that is none proves nothing, and breaks nothing."""
    for tag, other in (("t", ""), ("x", "t=1717662840; ")):
        text = f"v=1; a=rsa-sha256; d=x.example; s=s; {other}{tag}={seconds}; h=from:to:subject:date; bh=aA==; b=aA=="
        signature = dkim_signature.read_signature(text)
        assert signature is not None
        now = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
        found = dkim_signature.weakness(signature, ["from", "to", "subject", "date"], now, now)
        assert found is None or found.english
