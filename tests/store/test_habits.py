# SPDX-License-Identifier: EUPL-1.2
"""A full desk is as fast as an empty one: one commit per mail, and no query that reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import Connection, Engine, event, text

from flaggermail.adapters.db import transaction
from flaggermail.adapters.db.mapping import to_record
from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.approve import Approve
from flaggermail.desk.views.case_list import ListCases
from flaggermail.desk.views.handover import ShowHandover
from flaggermail.desk.views.message_lists import ListDeclined, ListMessages, ListQuarantine
from flaggermail.desk.views.oncall import ShowNext
from flaggermail.desk.views.view import ListView
from flaggermail.matching.lookup import LATEST
from flaggermail.notices.digest import send_digest
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Record
from flaggermail.record.states import CaseState
from flaggermail.services import UnitOfWork
from tests.corpus import each
from tests.doubles.statements import engines_of
from tests.store.desk_fixtures import CITIZEN, DESK, REFERRER, START, X_CHANNEL, Desk, X, mail, report_of

GROWING = re.compile(
    r"\bSCAN (message|event|personal|delivery|outbox|attempt|token|case_file|notification|clock|reminder|alarm)\b"
)
COARSE = re.compile(r"USING INDEX ix_\w+_(state|place|kind|missed)\b")  # many rows have the same value
FINE = re.compile(r'\bWHERE\b.*\.("case"|message_id|from_address|content_key|notification) (=|IN)', re.DOTALL)
REFERRAL = ("Bericht over stembiljet", "Er gaat een bericht rond dat u twee vakjes moet kleuren.")
Statement = tuple[str, Mapping[str, object] | Sequence[object]]


def engine_of(desk: Desk) -> Engine:
    """Returns the engine of the desk's store."""
    assert isinstance(desk.env.store, SqlStore)
    return desk.env.store.engine


@contextmanager
def statements(engine: Engine) -> Iterator[list[Statement]]:
    """Collects the statements sent to the database in the block."""
    asked: list[Statement] = []

    def note(
        _connection: Connection, _cursor: object, statement: str, parameters: Sequence[object], _context: object,
        many: bool,  # noqa: FBT001 - SQLAlchemy calls it so
    ) -> None:  # fmt: skip
        if not many:
            asked.append((statement, parameters))

    engines = engines_of(engine)
    for one in engines:
        event.listen(one, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for one in engines:
            event.remove(one, "before_cursor_execute", note)


def reads_much(step: str, statement: str) -> bool:
    """True if a step of a plan scans a growing table, sorts what a few rows are taken of, or reads too coarse an index.

    SQLite has no index statistics here: of several suitable indexes it may choose the one that most rows share.
    """
    sorts = "TEMP B-TREE" in step and "LIMIT" in statement
    return bool(sorts or GROWING.search(step) or (COARSE.search(step) and FINE.search(statement)))


def scans(engine: Engine, asked: Sequence[Statement]) -> set[str]:
    """Returns the plan steps that read much, with their statements."""
    found = set()
    with engine.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters)).all()
                found |= {f"{row[3]}: {statement}" for row in plan if reads_much(str(row[3]), statement)}
    return found


def every_kind_of_mail(desk: Desk, draft: str) -> None:
    """Sends a draft, ingests mail of every kind that is handled differently, sends, and reminds."""
    desk.do(Approve(draft=draft))
    desk.settle()
    referral = mail(REFERRER, *REFERRAL)
    desk.receive(referral)
    desk.receive(referral.replace(b"from mail.", b"from relay."))  # once more
    desk.settle()
    confirmation = desk.server.to(REFERRER)[-1]
    desk.receive(report_of(str(message_from_bytes(confirmation.octets)["Message-ID"]).strip(" <>\r\n"), REFERRER))
    about = desk.message_id_of(draft)
    desk.receive(mail(answers=about, extra=["Auto-Submitted: auto-replied"], text="We received it."))
    desk.receive(mail(answers=about))
    desk.receive(mail(CITIZEN, "Melding", "Is dit bericht echt?"))
    desk.receive(mail(CITIZEN, "Nog een melding", "Is dit bericht echt?"))
    desk.receive(
        mail(REFERRER, "Fw: " + REFERRAL[0], forward(), extra=['Content-Type: multipart/mixed; boundary="cut"'])
    )
    desk.receive(mail("list@news.example", "News", "News", auth=None, extra=["List-Unsubscribe: <https://a.example>"]))
    desk.receive(mail(DESK, "By hand", "To a channel", to=X_CHANNEL), folder="Sent")
    desk.receive(mail(X, "Another matter", "About VF-EP2024-0001."))
    desk.go_on(300)  # reminders
    desk.receive(mail(REFERRER, "Old", "Old", at=START), at=START - timedelta(days=1))
    assert send_digest(desk.env) == 1
    desk.settle()


def forward() -> str:
    """Returns a body with an attached mail."""
    inner = f"From: {CITIZEN}\nTo: {REFERRER}\nSubject: {REFERRAL[0]}\nMessage-ID: <inner@mailprovider.example>\n\nText"
    return f"--cut\nContent-Type: text/plain\n\nSee below.\n--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--"


def test_no_mail_makes_the_database_read_a_whole_table(desk: Desk) -> None:
    """Ingest, sending, reminders and the digest find rows by index: a mail costs the same in year three."""
    engine, draft = engine_of(desk), desk.drafted()
    with statements(engine) as asked:
        every_kind_of_mail(desk, draft)
    assert len(asked) > 300
    assert scans(engine, asked) == set()


def test_a_whole_table_that_is_read_is_noticed(desk: Desk) -> None:
    """Without one of the indexes the same mail makes SQLite scan the messages."""
    engine = engine_of(desk)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_message_content_key"))
    with statements(engine) as asked:
        desk.receive(mail(REFERRER, *REFERRAL))
    assert {scan.partition(":")[0] for scan in scans(engine, asked)} == {"SCAN message"}


LISTS: tuple[ListView, ...] = (
    ListMessages(place=Place.NOISE), ListQuarantine(), ListDeclined(), ListCases(), ListCases(state=CaseState.OPEN),
    ShowHandover(), ShowNext(),
)  # fmt: skip


@each("asked", LISTS, ids=lambda view: type(view).__name__)
def test_a_list_reads_the_lines_that_it_shows(desk: Desk, asked: ListView) -> None:
    """Lists of what grows are in the order of an index: the database sorts at most what came in one microsecond."""
    desk.receive(mail(REFERRER, *REFERRAL))
    with statements(engine_of(desk)) as said, desk.env.store.read() as tx:
        asked.show(UnitOfWork(desk.env, tx, desk.env.clock.now()))
    wanted = [one for one in said if "LIMIT" in one[0]]
    assert wanted
    with engine_of(desk).connect() as connection:
        for statement, parameters in wanted:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters)).all()
            assert [str(row[3]) for row in plan if "TEMP B-TREE FOR ORDER" in row[3]] == [], statement


def test_a_mail_that_comes_now_is_one_commit(desk: Desk) -> None:
    """Message, case, confirmation, notice and cursor are in one commit, so no crash leaves only some of them."""
    with statements(engine_of(desk)) as asked:
        desk.receive(mail(REFERRER, *REFERRAL))
    assert sum(statement.startswith("BEGIN IMMEDIATE") for statement, _ in asked) == 1
    assert len(desk.cases()) == 1
    assert len(desk.mails()) == 2


def test_a_mail_that_is_sent_again_and_again_costs_the_same_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many earlier mails differ only in the Message-ID, the same number of rows is read."""
    read: list[str] = []

    def noted(kind: type[Record], columns: Iterable[object]) -> Record:
        read.append(kind.TABLE)
        return to_record(kind, columns)

    monkeypatch.setattr(transaction, "to_record", noted)
    costs = []
    settled = LATEST + desk.env.settings.desk.rate_limits.burst  # mails to compare with, and notices of this minute
    for number in range(settled + 8):
        read.clear()
        desk.receive(mail(REFERRER, *REFERRAL, message_id=f"{number}@lindewaard.example"))
        costs.append(read.count("message"))
    assert len(desk.messages()) >= settled + 8
    assert len(set(costs[settled:])) == 1, costs
