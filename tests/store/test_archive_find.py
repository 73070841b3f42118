# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive find`: what it finds across cases and within one, and what it never finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.archive import search_text
from flaggermail.cli.showing import parts
from flaggermail.commands.cases import TagCase
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import ArchiveReading, StoredMessage
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import START, Desk, NewDesk, mail
from tests.store.test_thousands import calls_of, old_mail

TEXT = "Het stembureau in de Élysée-zaal is dicht. Account @qanbot en https://x.com/qanbot/status/17 liegen."
X = "support@x-platform.example"


@pytest.fixture
def case(desk: Desk) -> str:
    """Returns the number of a case in which X has answered."""
    return answered(desk)


@pytest.fixture(scope="module")
def searched(new_desk: NewDesk) -> tuple[Desk, str]:
    """Returns a desk with such a case, and the case: for tests that only search."""
    desk = new_desk()
    return desk, answered(desk)


def answered(desk: Desk) -> str:
    """Puts a case before X, whose answer arrives; returns its number."""
    key = desk.notified()
    desk.receive(mail(X, "Re: Two boxes", TEXT, answers=desk.message_id_of(key), at=after(20)), at=after(20))
    return desk.notification(key).case


def after(minutes: int) -> datetime:
    """Returns an instant after the notification was sent."""
    return START + timedelta(minutes=minutes)


def ask(desk: Desk, **asked: Json) -> Mapping[str, Json]:
    """Returns what an archivist finds."""
    return AskedDesk(lambda: desk.env, Caller(login="archivist1")).answer("archive find", asked)


def ids(desk: Desk, **asked: Json) -> list[object]:
    """Returns the ids of the mails to the desk that are found: its own notices quote them."""
    return [row["id"] for row in parts(ask(desk, **asked), "mails") if row["direction"] == "in"]


def refusal(desk: Desk, **asked: Json) -> str:
    """Returns why a search is refused."""
    with pytest.raises(Refusal) as caught:
        ask(desk, **asked)
    return str(caught.value)


# ---- across cases


def test_mails_are_found_by_number_correspondent_date_and_tag(desk: Desk, case: str) -> None:
    """A mail must fulfil everything that is asked; a word is taken for what its form says."""
    desk.do(TagCase(case=case, tags=("closed-stations",)))
    everything = ids(desk, case=case)
    answer = everything[-1]
    for asked in (
        {"number": case},
        {"number": f"{case}-K7QF"},
        {"number": str(int(case[-4:]))},
        {"words": [case]},
        {"tag": "closed-stations"},
    ):
        assert set(everything) <= set(ids(desk, **asked)), asked
    assert ids(desk, words=["x-platform.example", "2024-06-06"], number=case)[-1] == answer
    assert answer in ids(desk, correspondent="X-Platform.example", date="2024-06")
    assert answer not in ids(desk, correspondent=X, date="..2024-05-31")
    assert answer not in ids(desk, correspondent="platform.example")
    sent = [row for row in parts(ask(desk, correspondent="x-platform.example"), "mails") if row["direction"] == "out"]
    assert sent  # the notification itself, by its recipient


def test_a_recipient_in_the_header_is_a_correspondent_of_the_case(desk: Desk, case: str) -> None:
    """The row of a mail names its author alone."""
    octets = mail(X, "Re: Two boxes", "Nog iets.", extra=("Cc: raad@gemeente.example",), at=after(25),
                  answers=desk.message_id_of(desk.notifications()[0].id))  # fmt: skip
    stored = desk.receive(octets, at=after(25))
    assert stored.case == case
    assert ids(desk, correspondent="gemeente.example") == [stored.id]


def test_a_day_is_one_of_the_desks_zone(desk: Desk) -> None:
    """The first instant of a day belongs to it, and the last second before it to the day before."""
    midnight = datetime(2024, 6, 6, 22, tzinfo=UTC)  # of Amsterdam
    stored = [
        desk.receive_at(mail("who@elsewhere.example", f"Vraag {at}", "Wat is dit?", at=at), at).id
        for at in (midnight - timedelta(seconds=1), midnight)
    ]
    assert [ids(desk, date=asked) for asked in ("..2024-06-06", "2024-06-07", "2024-06-07..")] == [
        stored[:1], stored[1:], stored[1:],
    ]  # fmt: skip


def test_what_names_a_mail_outside_of_a_case_is_found(desk: Desk, case: str) -> None:
    """A platform's reference, a label and its own id find a mail that waits; a case is not found by them."""
    waiting = desk.receive(mail("who@elsewhere.example", "Vraag", "Wat is dit?", at=after(30)), at=after(30))
    label = desk.env.settings.desk.tags.labels[0]
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        row = replace(waiting, platform_references=("X-4711",), labels=(label,))
        work.record(EventKind.MESSAGE_RECLASSIFIED, changed(waiting, row))
        assert [one.id for one in tx.find(StoredMessage, where(StoredMessage.labels).some())] == [waiting.id]
        with pytest.raises(TypeError):
            tx.find(StoredMessage, where(StoredMessage.id).some())
    for asked in ({"number": "X-4711"}, {"number": waiting.id}, {"tag": label}, {"number": "X-4711", "tag": label}):
        assert ids(desk, **asked) == [waiting.id], asked
    for asked in ({"number": "X-471"}, {"number": case, "tag": label}, {"number": "X-4711", "date": "..2024-06-05"}):
        assert ids(desk, **asked) == [], asked


def test_a_search_by_number_reads_little_of_other_mails(desk: Desk, case: str) -> None:
    """However many mails are in the archive, those are read that are found."""
    ask(desk, number=case)
    few = calls_of(lambda: ask(desk, number=case))
    old_mail(desk, 100)
    assert calls_of(lambda: ask(desk, number=case)) - few < 500


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "say what to find"),
        ({"words": ["stembureau"]}, "within one case only"),
        ({"words": ["@qanbot"]}, "within one case only"),
        ({"words": ["https://x.com/qanbot"]}, "within one case only"),
        ({"correspondent": "@qanbot"}, "no mail address"),
        ({"correspondent": "x.com/qanbot"}, "no mail address"),
        ({"correspondent": "%@%"}, "no mail address"),
        ({"text": "stembureau"}, "within one case only"),
        ({"text": "stembureau", "tag": "closed-stations"}, "within one case only"),
        ({"date": "gisteren"}, "write FROM..TO"),
        ({"date": ".."}, "write FROM..TO"),
        ({"date": "2024-06-31"}, "is no day"),
        ({"date": "2024-06-30..2024-06-01"}, "exchange them"),
        ({"tag": "removed"}, "there are: "),
        ({"case": "VF-EP2024-9999"}, "no such case"),
        ({"handle": "qanbot"}, "not known"),
    ],
)
def test_what_is_not_a_search_of_the_archive_is_refused_in_words(desk: Desk, asked: dict[str, Json], said: str) -> None:
    """Nothing is searched then, and nothing is recorded."""
    assert said in refusal(desk, **asked)
    assert desk.all(ArchiveReading) == []


# ---- within one case


def test_words_of_the_text_are_found_in_one_case(desk: Desk, case: str) -> None:
    """Without capitals and accents, in a phrase, and by a beginning; all of them must occur."""
    (answer,) = ids(desk, case=case, text="stembureau")
    for words in ("STEMBUREAU dicht", "elysee", "Élysée-zaal", '"zaal is dicht"', "stemb*", "„zaal is dicht“"):
        assert ids(desk, case=case, text=words) == [answer], words
    for words in ("stembureau open", '"dicht is zaal"', "bureau", "stem"):
        assert ids(desk, case=case, text=words) == [], words
    other = desk.decided()
    assert ids(desk, case=other, text="stembureau") == []


@pytest.mark.parametrize("words", ['"', '"stembureau', "*", "s*", "---", "st*mbureau", "  ", "a" * 201, "(", "^"])
def test_a_clumsy_query_is_refused_and_never_breaks(searched: tuple[Desk, str], words: str) -> None:
    """The refusal is one line about the text."""
    desk, case = searched
    assert refusal(desk, case=case, text=words).startswith("text: ")


@pytest.mark.parametrize(
    "words",
    ["stembureau OR geheim", "NOT stembureau", "NEAR(stembureau dicht, 5)", "words:geheim", "stembureau AND",
     "'; DROP TABLE message; --", "a & b | !c", "geheim:*", "stembureau <-> geheim", "{words}: geheim"],
)  # fmt: skip
def test_the_engines_own_syntax_is_words_like_any_other(searched: tuple[Desk, str], words: str) -> None:
    """No operator reaches the engine."""
    desk, case = searched
    assert ids(desk, case=case, text=words) == []


def test_the_event_of_a_search_has_no_word_of_the_text(desk: Desk, case: str) -> None:
    """Who searched in which case is recorded; the words are not."""
    ids(desk, case=case, text="stembureau")
    (row,) = desk.all(ArchiveReading)
    assert (row.reader, row.request, row.case) == ("archivist1", "archive find", case)
    assert "stembureau" not in row.asked
    assert "in_text" in row.asked


# ---- handles and addresses of posts

DISGUISES = (
    "@qanbot", "(@qanbot)", "@ qanbot", "@QanBot", "@\nqanbot", "\uff20qanbot", "@\u200bqanbot", "@\u00adqanbot",
    "%40qanbot", "=40qanbot",
    "&#64;qanbot", "&commat;qanbot", "@qanbot@mastodon.example", "@qanbot.bsky.example", "u/qanbot", "/u/qanbot",
    "https://x.com/qanbot", "HTTPS://X.COM/qanbot/status/1", "x.com/qanbot", "x . com / qanbot / 1", "x.com / qanbot",
    "www.qanbot.example", "qanbot.tumblr.example", "hxxps://x[.]com/qanbot", "x(dot)com/qanbot", "[at]qanbot",
    '<a href="https://x.com/qanbot">hier</a>', "<https://x.com/qanbot>", "https%3A%2F%2Fx.com%2Fqanbot", "t.me/qanbot",
    "https://x.com/i/web/status/1234567890123456789012345678901234567890\nqanbot", "\\\\x.com\\qanbot",
    "x\uff0ecom/qanbot",
    "https://x.com/q%61nbot qanbot.example", "@@qanbot", "@_qanbot_", "`@qanbot`", "*@qanbot*",
)  # fmt: skip


@pytest.mark.parametrize("written", DISGUISES)
def test_no_handle_or_address_of_a_post_is_indexed(written: str) -> None:
    """In whatever disguise it is written, the name is no word of the text, and what stands around it is."""
    words = search_text.searchable(f"Zie {written} voor het stembureau")
    assert not [word for word in words if "qanbot" in word or "q61nbot" in word]
    assert "stembureau" in words


@pytest.mark.parametrize(
    "query",
    ["@qanbot", "@QanBot", "@ qanbot", '"account @qanbot"', "@qan*", "%40qanbot", "x.com/qanbot", "https://x.com/qanbot",
     "\uff20qanbot", "&#64;qanbot", "@\u200bqanbot", "status/17", "u/qanbot"],
)  # fmt: skip
def test_a_search_for_a_handle_or_address_is_refused(searched: tuple[Desk, str], query: str) -> None:
    """It is not tried as words."""
    desk, case = searched
    assert "handles and addresses of posts are not searched" in refusal(desk, case=case, text=query)


@pytest.mark.parametrize(
    "query", ["qanbot", "QANBOT", "qan*", '"account qanbot"', '"qanbot en"', '"x com qanbot"', "x com", "status 17"]
)
def test_the_name_alone_finds_nothing_either(searched: tuple[Desk, str], query: str) -> None:
    """The mail with the handle and the address is in the case."""
    desk, case = searched
    assert ids(desk, case=case, text=query) == []


def test_a_handle_in_html_is_not_indexed(desk: Desk, case: str) -> None:
    """Marks of HTML inside or around the handle, and an address only in a link."""
    body = '<p>Account <b>@</b>qanbot2, <i>@qan</i>bot3, <a href="https://x.com/qanbot4">bericht</a>: gordijn</p>'
    octets = mail(X, "Re: Two boxes", body, answers=desk.message_id_of(desk.notifications()[0].id), at=after(30))
    octets = octets.replace(b"text/plain", b"text/html")
    stored = desk.receive(octets, at=after(30))
    assert ids(desk, case=case, text="gordijn") == [stored.id]
    for query in ("qanbot2", "qanbot3", "qanbot4", "qanb*"):
        assert ids(desk, case=case, text=query) == [], query


# ---- engines


def test_both_engines_find_the_same(store: SqlStore) -> None:
    """FTS5 and tsvector, on words of several scripts, numbers, phrases and long texts."""
    written = [
        "Het stembureau is dicht", "Café Élysée, 's-Gravenhage", "2e kamer 1e5 3,5 uur", "выборы Κάλπη", "dicht is het",
        "stem " * 40_100 + "slot", "x" * 120_000, "",
    ]  # fmt: skip
    texts = [next(reversed(search_text.pieces(text)), "") for text in written]
    wanted = {
        "stembureau": [0], "dicht": [0, 4], '"is dicht"': [0], "het dicht": [0, 4], "cafe elysee": [1], "élys*": [1],
        "gravenhage": [1], "1e5": [2], "2e": [2], "3,5": [2], "ВЫБОРЫ": [3], "καλπη": [3], "slot": [5], "stem": [5],
        "stem*": [0, 5], "geen": [],
    }  # fmt: skip
    with store.read() as tx:
        for query, expected in wanted.items():
            assert tx.search(texts, search_text.terms(query)) == expected, query
        assert tx.search([], search_text.terms("x1")) == []
