# SPDX-License-Identifier: EUPL-1.2
"""Counts the mail of a soak from the servers' side: mailbox, Postfix' log and queue, platform."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from operator import itemgetter

from imapclient import IMAPClient

from flaggermail.record.kinds import ArrivalBasis
from tests.bench import table
from tests.bench.desk import Servers
from tests.bench.mails import NOTIFIED, Mail
from tests.flow.desk_process import DeskProcess, bare, message_id
from tests.servers.platform import ReceivedMail

EXACT = 60.0  # seconds by which a clock may differ from the servers' instants: they are compared by the minute
_NOT_SENT = frozenset({"uncertain", "refused", "bounced"})
_FETCHED = 500  # mails at once: a list of 20,000 numbers is longer than a command may be
_QUEUES = ("maildrop", "incoming", "active", "deferred")
_SUBMITTED = re.compile(rb"with ESMTPSA\s+id (\w+)[^;]*;([^\r\n]+)")


@dataclass
class Diary:
    """What was done in a soak, and the findings on the way."""

    done: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    accepted: list[Mail] = field(default_factory=list)  # mails that our servers accepted from outside
    approved: list[str] = field(default_factory=list)  # notifications
    slowest_stop: float = 0.0  # seconds


@dataclass(frozen=True)
class Kept:
    """One mail as stored in the mailbox."""

    delivery: str  # folder, UIDVALIDITY and UID, as named in the record
    internaldate: datetime
    octets: bytes


@dataclass(frozen=True)
class Taken:
    """A mail that our server accepted; the instant is known once the platform has received it."""

    at: datetime | None


@dataclass
class Figures:
    """The counts."""

    lines: list[tuple[str, int]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    deviation: float | None = None  # of a clock from the servers' instants, the largest in seconds

    def count(self, what: str, number: int) -> None:
        """Adds a count of which any value is correct."""
        self.lines.append((what, number))

    def none(self, what: str, wrong: Iterable[str]) -> None:
        """Adds a count that should be zero."""
        found = sorted(wrong)
        self.lines.append((what, len(found)))
        self.faults += [f"{what}: {each}" for each in found]


# ---- what the servers and the record contain


def inbox(servers: Servers, user: str) -> list[Kept]:
    """Returns all mails in the mailbox."""
    with IMAPClient("127.0.0.1", servers.dovecot.imap_port, ssl=False, timeout=60) as client:
        client.normalise_times = False
        client.login(user, servers.dovecot.password)
        uidvalidity = client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"]
        uids = client.search()
        pages = [uids[first : first + _FETCHED] for first in range(0, len(uids), _FETCHED)]
        found = [one for page in pages for one in client.fetch(page, ["INTERNALDATE", "BODY.PEEK[]"]).items()]
    return [
        Kept(f"INBOX/{uidvalidity}/{uid}", items[b"INTERNALDATE"], items[b"BODY[]"])
        for uid, items in sorted(found, key=itemgetter(0))
    ]


def inbox_size(servers: Servers, user: str) -> int:
    """Returns how many mails are in the mailbox."""
    with IMAPClient("127.0.0.1", servers.dovecot.imap_port, ssl=False, timeout=60) as client:
        client.login(user, servers.dovecot.password)
        return int(client.select_folder("INBOX", readonly=True)[b"EXISTS"])


def queued(servers: Servers) -> int:
    """Returns how many mails wait in Postfix."""
    folders = [servers.postfix.folder / "spool" / name for name in _QUEUES]
    return sum(1 for folder in folders for path in folder.rglob("*") if path.is_file())


def taken_by_postfix(servers: Servers, name: str) -> Taken | None:
    """Returns whether our server accepted the mail with that Message-ID, by its log."""
    log = servers.postfix.log()
    ids = re.findall(rf"/cleanup\[\d+\]: (\w+): message-id=<{re.escape(name)}>", log)
    if not any(re.search(rf"/qmgr\[\d+\]: {each}: from=", log) for each in ids):
        return None
    instants = [
        at for mail in servers.platform.received() if message_id(mail.octets) == name for at in [_submitted(mail)[1]]
    ]
    return Taken(min(instants, default=None))


def _submitted(mail: ReceivedMail) -> tuple[str, datetime]:
    """Returns Postfix' queue id and the instant of acceptance; two ids mean that we submitted the mail twice."""
    found = _SUBMITTED.search(mail.octets)
    if found is None:
        raise AssertionError(f"a mail to {mail.rcpt_tos} did not come through our submission server")
    return found[1].decode("ascii"), parsedate_to_datetime(found[2].decode("ascii").strip())


def _instant(value: object) -> datetime:
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


# ---- the counts


def report(
    servers: Servers, desk: DeskProcess, diary: Diary, user: str, figures: Figures | None = None, *,
    clocks: bool = True,
) -> int:  # fmt: skip
    """Prints the counts, after those in `figures`; the exit status is 1 if anything is wrong.

    `clocks`: compare them, which says nothing where the machine's own was set meanwhile.
    """
    figures = counted(servers, desk, diary, user, figures, clocks=clocks)
    table.head(f"{user}: {sum(diary.done.values())} things were done", "")
    for what, number in sorted(diary.done.items()):
        table.line(f"  {what}", number, "")
    table.line("slowest stop", diary.slowest_stop, "s", goal="10")
    for what, number in figures.lines:
        table.line(what, number, "")
    if figures.deviation is not None:
        table.line("largest deviation of a clock", figures.deviation, "s")
    for fault in figures.faults:
        table.note(f"  ! {fault}")
    table.note(f"lost or doubled: {'none' if not figures.faults else 'see above'}")
    return 1 if figures.faults else 0


def counted(
    servers: Servers, desk: DeskProcess, diary: Diary, user: str, figures: Figures | None = None, *,
    clocks: bool = True,
) -> Figures:  # fmt: skip
    """Returns the counts of a desk that is at rest; for the arguments see `report`."""
    figures = figures or Figures()
    kept = inbox(servers, user)
    _mail_in(figures, desk, diary, kept)
    received = servers.platform.received()
    handed = defaultdict(set)
    for mail in received:
        handed[message_id(mail.octets)].add(_submitted(mail)[0])
    _notifications(figures, desk, diary, handed)
    _others(figures, desk, handed)
    if clocks:
        figures.deviation = _clocks(figures, desk, received, kept)
    figures.none("audit verify fails", _broken(desk))
    figures.none("findings on the way", diary.findings)
    return figures


def _mail_in(figures: Figures, desk: DeskProcess, diary: Diary, kept: Sequence[Kept]) -> None:
    query = "SELECT folder, numbering, item, message, digest, internaldate, arrival FROM delivery"
    deliveries = {"/".join(map(str, row[:3])): row[3:] for row in desk.rows(query)}
    messages = {str(row[0]): row for row in desk.rows("SELECT id, message_id, direction, enclosed_in FROM message")}
    archived = {path.name for path in (desk.folder / "archive").rglob("*") if path.is_file()}
    archived |= {str(digest) for (digest,) in desk.rows("SELECT digest FROM octets")}
    figures.count("mails that our servers took from strangers", len(diary.accepted))
    figures.count("mails in the mailbox", len(kept))
    names = Counter(message_id(mail.octets) for mail in kept)
    figures.none("taken by our servers, not in the mailbox", {mail.name for mail in diary.accepted} - set(names))
    lost, wrong = [], []
    for mail in kept:
        row = deliveries.get(mail.delivery)
        digest = hashlib.sha256(mail.octets).hexdigest()
        if row is None or str(row[0]) not in messages or digest not in archived:
            lost.append(mail.delivery)
        elif row[1] != digest or (row[3] != ArrivalBasis.FIRST_SIGHT and _instant(row[2]) != mail.internaldate):
            wrong.append(mail.delivery)
    figures.none("LOST: in the mailbox, not on record", lost)
    figures.none("on record with other octets or another date", wrong)
    gone = set(deliveries) - {mail.delivery for mail in kept}
    taken_back = {one: sent for one in gone if (sent := _name_in(messages, deliveries[one][0])) in names}
    figures.count("  shown by the server, taken back, delivered again", len(taken_back))
    figures.none("on record, not in the mailbox", gone - set(taken_back))
    taken_in = defaultdict(list)
    for key, name, direction, enclosed_in in messages.values():
        if name and direction == "in" and enclosed_in is None:
            taken_in[str(name)].append(str(key))
    octets = {(message_id(mail.octets), hashlib.sha256(mail.octets).hexdigest()) for mail in kept}  # some broken twice
    octets |= {(found, str(deliveries[one][1])) for one, found in taken_back.items()}
    differing = Counter(name for name, _ in octets)
    figures.none(
        "DOUBLED: several messages of one mail",
        (
            f"{name}: {_whereabouts(found, deliveries)}"
            for name, found in taken_in.items()
            if len(found) > max(1, differing[name])
        ),
    )
    cases = Counter(str(row[0]) for row in desk.rows("SELECT root_message FROM case_file"))
    figures.count("cases", sum(cases.values()))
    figures.none("DOUBLED: several cases of one mail", (root for root, count in cases.items() if count > 1))


def _name_in(messages: Mapping[str, Sequence[object]], message: object) -> str:
    """Returns the Message-ID of a message on record.

    A Dovecot that is stopped while it stores a mail may have shown it already, and takes it back: the sender's server
    delivers it again, with other trace fields. Seen without a desk, too (2.4; a few mails in some hundred stops).
    """
    row = messages.get(str(message))
    return str(row[1]) if row and row[1] else ""


def _whereabouts(found: Sequence[str], deliveries: Mapping[str, Sequence[object]]) -> str:
    """Returns the deliveries of each message, with the digest of its octets and its instant."""
    return "; ".join(
        f"{key}: {delivery}, {digest}, of {internaldate}"
        for key in found
        for delivery, (message, digest, internaldate, _) in deliveries.items()
        if message == key
    )


def _notifications(figures: Figures, desk: DeskProcess, diary: Diary, handed: dict[str, set[str]]) -> None:
    """Each approved notification was received once, or is uncertain with an alarm."""
    alarms = {str(row[0]) for row in desk.rows("SELECT id FROM alarm")}
    query = "SELECT id, notification, message_id, state, bounced FROM outbox WHERE at_most_once"
    mails = {str(row[1]): row for row in desk.rows(query)}
    ids: dict[str, set[str]] = defaultdict(set)
    for _, notification, name, *_ in desk.rows(query):
        ids[str(notification)] |= handed.get(str(name), set())
    told = {n: "bounced" if row[4] else str(row[3]) for n, row in mails.items()}
    doubt = {n for n, row in mails.items() if told[n] in _NOT_SENT and f"{told[n]}/{row[0]}" in alarms}
    figures.count("notifications approved", len(diary.approved))
    figures.count("  received once", sum(len(ids[each]) == 1 for each in diary.approved))
    figures.count("  in doubt, refused or bounced, with an alarm", len(doubt))
    figures.none(
        "LOST: neither received nor in doubt", (each for each in diary.approved if not ids[each] and each not in doubt)
    )
    figures.none("DOUBLED: notification handed over twice", (each for each, found in ids.items() if len(found) > 1))
    figures.none(
        "received without approval", (each for each, found in ids.items() if found and each not in diary.approved)
    )
    figures.none(
        "received as accepted, not on record as sent",
        (n for n, row in mails.items() if ids[n] and row[3] not in {"accepted", "uncertain"}),
    )


def waiting_in_doubt(desk: DeskProcess) -> set[str]:
    """Returns the mails in whose attempts the program died twice: they wait 20 minutes (`outbox.retry.DOUBT_WAITS`)."""
    found = desk.rows(
        "SELECT id FROM outbox WHERE state = 'queued' AND tries > 1 AND next_try_at IS NOT NULL"
        " AND answer LIKE '%delivery: program ended%'"
    )
    return {str(row[0]) for row in found}


def _others(figures: Figures, desk: DeskProcess, handed: dict[str, set[str]]) -> None:
    """Counts confirmations, and mail that Postfix got twice because its first answer was not received."""
    query = "SELECT kind, dedupe, message_id, state, id FROM outbox WHERE NOT at_most_once"
    waits = waiting_in_doubt(desk)
    doubted = {str(row[0]) for row in desk.rows("SELECT mail FROM attempt WHERE result = 'unknown'")}
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    in_doubt: set[tuple[str, str]] = set()
    unsent = []
    for kind, dedupe, name, state, mail in desk.rows(query):
        key = (str(kind), str(dedupe))
        ids[key] |= handed.get(str(name), set())
        in_doubt |= {key} if str(mail) in doubted else set()
        if kind == "intake_confirmation" and not ids[key] and str(mail) not in waits:
            unsent.append(f"{dedupe}: {state}")
    confirmations = {key: found for key, found in ids.items() if key[0] == "intake_confirmation"}
    figures.count("confirmations", len(confirmations))
    figures.count("  received once", sum(len(found) == 1 for found in confirmations.values()))
    twice = {key for key, found in ids.items() if len(found) > 1}
    figures.none("LOST: confirmation not received", unsent)
    figures.none("DOUBLED: handed over twice without a doubt on record", (dedupe for _, dedupe in twice - in_doubt))
    figures.count("sent again in doubt, as is meant for all but platforms", len(twice & in_doubt))


def _clocks(figures: Figures, desk: DeskProcess, received: Sequence[ReceivedMail], kept: Sequence[Kept]) -> float:
    """Compares every clock with the servers' instants; returns the largest difference in seconds."""
    begun: dict[str, datetime] = {}
    for mail in received:
        if NOTIFIED in mail.rcpt_tos:
            name, at = message_id(mail.octets), _submitted(mail)[1]
            begun[name] = min(at, begun.get(name, at))
    ends: dict[tuple[str, str], datetime] = {}
    for each in kept:
        parsed = message_from_bytes(each.octets)
        if NOTIFIED in str(parsed["From"]):
            machine = parsed["Auto-Submitted"] is not None
            for kind in ("receipt",) if machine else ("receipt", "human", "substance"):
                key = (bare(parsed["In-Reply-To"]), kind)
                ends[key] = min(each.internaldate, ends.get(key, each.internaldate))
    query = (
        "SELECT c.id, c.kind, c.started_at, c.stopped_at, n.message_id "
        "FROM clock c JOIN notification n ON n.id = c.notification WHERE n.state = 'sent'"
    )
    wrong, differences = [], [0.0]
    clocks = desk.rows(query)
    for clock, which, started, stopped, notified in clocks:
        ours = (_instant(started), None if stopped is None else _instant(stopped))
        theirs = (begun.get(str(notified)), ends.get((str(notified), str(which))))
        for own, other in zip(ours, theirs, strict=True):
            apart = abs((own - other).total_seconds()) if own and other else 0.0
            differences.append(apart)
            if apart > EXACT or (own is None) != (other is None):
                wrong.append(f"{clock}: {own}, by the servers {other}")
    figures.count("clocks compared", len(clocks))
    figures.none("clocks that are wrong", wrong)
    return max(differences)


def _broken(desk: DeskProcess) -> list[str]:
    try:
        desk.run("audit", "verify")
    except AssertionError as fault:
        return [str(fault)[:300]]
    return []
