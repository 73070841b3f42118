# SPDX-License-Identifier: EUPL-1.2
"""An officer's reply that is not verified is warned of, and so is a server under another name than configured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail import logbook
from flaggermail.health import status_gathering
from flaggermail.health.status_document import Overview
from flaggermail.intake.facts import ByReceivingServer
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Alarm, Page
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import PagerSettings
from tests.store.desk_fixtures import HEAD, OFFICER, REFERRER, SERVER, Desk, mail
from tests.store.test_replies import BOB, invite, reply

PLAIN = "text/plain; charset=utf-8"
DAY = 24 * 60
NAMED_SO = "your server writes mx.other.example; the configuration says mx.bzk.example"


def call_pagers(desk: Desk) -> None:
    """Gives each officer a pager."""
    oncall = desk.env.settings.oncall
    pagers = (PagerSettings(credential="pager"),)
    officers = tuple(one.model_copy(update={"pagers": pagers}) for one in oncall.officers)
    changed = desk.env.settings.model_copy(update={"oncall": oncall.model_copy(update={"officers": officers})})
    desk.env = replace(desk.env, settings=changed)


def seen(desk: Desk) -> Overview:
    """Returns what `status` shows now."""
    with desk.env.store.read() as tx:
        return status_gathering.gather(UnitOfWork(desk.env, tx, desk.clock.now()), link=True)


def alarms(desk: Desk, kind: str) -> list[Alarm]:
    """Returns the alarms of that kind."""
    return desk.all(Alarm, where(Alarm.id).in_([one.id for one in desk.alarms() if one.kind == kind]))


def told(desk: Desk, alarm: Alarm) -> list[str]:
    """Returns who was mailed that alarm."""
    return sorted(one.recipient for one in desk.mails() if one.dedupe.startswith(f"alarm/{alarm.id}"))


# ---- officers


@pytest.mark.parametrize(("auth", "says"), [("none", "dmarc=none by"), ("fail", "dmarc=fail by")])
def test_an_unverified_officer_is_warned_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, auth: str, says: str
) -> None:  # fmt: skip
    """In the journal, in `status`, and by one alarm to the officer on call and the head, with the server's words."""
    lines: list[tuple[str, str, str]] = []
    monkeypatch.setattr(logbook, "officer_unheard", lambda *fields: lines.append(fields))
    call_pagers(desk)
    sent = invite(desk, "neem")
    stored = reply(desk, sent, "neem", PLAIN, auth=auth)
    assert desk.happened(EventKind.CASE_ASSIGNED) == 0
    (raised,) = alarms(desk, "officer unheard")
    assert says in raised.text.english
    assert "A. Jansen" in raised.text.english
    assert told(desk, raised) == sorted([OFFICER, HEAD])
    pages = [page for page in desk.all(Page) if page.text.endswith("antwoord niet uitgevoerd")]
    assert len({page.officer for page in pages}) == len(pages) == 2
    assert [(officer, message) for officer, message, _ in lines] == [("officer1", stored.id)]
    assert says in lines[0][2]
    overview = seen(desk)
    assert overview.document()["unverified_officer_replies"] == 1
    assert [one for one in overview.troubles() if "officers" in one]
    desk.assert_whole()


def test_it_rings_once_a_day_and_officer_and_is_counted_for_24_hours(desk: Desk) -> None:
    """Whoever repeats such mail rings no pager again; another officer's is another alarm."""
    call_pagers(desk)
    sent = invite(desk, "neem")
    for _ in range(20):
        reply(desk, sent, "neem", PLAIN, auth="none")
    assert len(alarms(desk, "officer unheard")) == 1
    assert len([page for page in desk.all(Page) if page.text.endswith("antwoord niet uitgevoerd")]) == 2
    assert seen(desk).unheard == 20
    reply(desk, sent, "neem", PLAIN, auth="none", by=BOB)
    assert len(alarms(desk, "officer unheard")) == 2
    desk.clock.set(desk.clock.now() + timedelta(minutes=DAY - 1))
    assert seen(desk).unheard == 21
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    overview = seen(desk)
    assert overview.unheard == 0
    assert not [one for one in overview.troubles() if "officers" in one]
    reply(desk, sent, "neem", PLAIN, auth="none")
    assert len(alarms(desk, "officer unheard")) == 3
    assert seen(desk).unheard == 1


def test_machines_and_strangers_are_not_warned_of(desk: Desk) -> None:
    """An absence notice of an officer asks nothing, and who answers no mail of ours is no unheard officer."""
    sent = invite(desk, "neem")
    reply(desk, sent, "Ik ben er niet.", PLAIN, auth="none", headers=["Auto-Submitted: auto-replied"])
    desk.receive(mail(OFFICER, "Vraag", "neem", auth="none", at=desk.clock.now()))
    reply(desk, sent, "neem", PLAIN, auth="none", by="who@elsewhere.example")
    assert not alarms(desk, "officer unheard")
    assert seen(desk).unheard == 0


@pytest.mark.parametrize(("login", "assigned"), [(OFFICER, 1), (BOB, 0), ("a.jansen", 0)])
def test_an_officer_on_our_own_server_is_heard_by_their_login(desk: Desk, login: str, assigned: int) -> None:
    """Where the settings name the domain, `auth=pass` for the officer's address acts; another login is unheard."""
    mailbox = desk.env.settings.desk.mailbox.model_copy(update={"login_domains": frozenset({"bzk.example"})})
    desk.env = replace(desk.env, sender_check=ByReceivingServer(mailbox.trusted, desk.env.organisational))
    sent = invite(desk, "neem")
    stored = reply(desk, sent, "neem", PLAIN, auth=f"none header.from=bzk.example; auth=pass smtp.auth={login}")
    assert desk.happened(EventKind.CASE_ASSIGNED) == assigned
    assert len(alarms(desk, "officer unheard")) == 1 - assigned
    assert stored.verdict_basis.english.startswith("auth=pass by" if assigned else "dmarc=none by")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", f"{SERVER} meldt dmarc=none"),
        ("nl", "niet uitgevoerd"),
        ("en", f"dmarc=none by {SERVER}"),
        ("en", "was not carried out"),
    ],
)
def test_the_alarm_says_it_in_the_desks_language(desk: Desk, language: str, words: str) -> None:
    """The mail names what our server said, in the language of the desk, and the command that shows the reply."""
    found = desk.env.settings.desk
    organisation = found.organisation.model_copy(update={"language": language})
    desk.env = replace(
        desk.env,
        settings=desk.env.settings.model_copy(update={"desk": found.model_copy(update={"organisation": organisation})}),
    )
    stored = reply(desk, invite(desk, "neem"), "neem", PLAIN, auth="none")
    row = next(one for one in desk.mails() if one.dedupe.startswith("alarm/officer unheard"))
    text = " ".join(desk.env.parser.parse(desk.env.octets.get(row.digest)).text.split())
    assert words in text
    assert stored.id in text


# ---- the server's name


def by(server: str, *, host: str = "", number: int = 0) -> bytes:
    """A mail that bears the results of that server, and its Received line (or that of `host`)."""
    octets = mail(REFERRER, f"Bericht {number}", f"Er is iets, {number}.")
    octets = octets.replace(f"Results: {SERVER};".encode(), f"Results: {server};".encode(), 1)
    return octets.replace(f" by {SERVER} ".encode(), f" by {host or server} ".encode(), 1)


@pytest.mark.parametrize("host", ["", SERVER], ids=["whole name wrong", "authserv-id wrong"])
def test_a_server_under_another_name_is_told_once_a_day_until_it_is_right(desk: Desk, host: str) -> None:
    """`status` says which name the server writes and which one is configured; a mail with the right one ends it."""
    for number in range(3):
        desk.receive(by("mx.other.example", host=host, number=number))
    (raised,) = alarms(desk, "server misnamed")
    assert raised.text.english == NAMED_SO
    assert any(NAMED_SO in trouble for trouble in seen(desk).troubles())
    desk.clock.set(desk.clock.now() + timedelta(minutes=DAY))
    desk.receive(by("mx.other.example", host=host, number=4), at=desk.clock.now())
    assert len(alarms(desk, "server misnamed")) == 2
    desk.receive(by(SERVER, number=5), at=desk.clock.now())
    assert not [one for one in seen(desk).troubles() if "configuration" in one]
    desk.receive(by("mx.other.example", host=host, number=6), at=desk.clock.now())
    assert any(NAMED_SO in trouble for trouble in seen(desk).troubles())
    assert len(alarms(desk, "server misnamed")) == 2
    desk.assert_whole()


def test_fields_of_strangers_name_no_server(desk: Desk) -> None:
    """What lies below our own hop came with the mail, and text that is no host name is none."""
    forged = b"Authentication-Results: mx.forged.example; dmarc=pass header.from=x-platform.example\r\nFrom: "
    for number, octets in enumerate((
        by(SERVER).replace(b"From: ", forged, 1),
        mail(auth=None).replace(b"From: ", forged, 1),
        by("mx_other.example\u00a0<b>", host=SERVER, number=1),
        mail(auth=None, text="x").replace(b"Received: ", b"X-Received: ", 1).replace(b"From: ", forged, 1),
    )):  # fmt: skip
        desk.receive(octets)
        assert not alarms(desk, "server misnamed"), number
    late = desk.clock.now() - timedelta(days=3)
    desk.receive(by("mx.other.example", number=9), at=late)
    assert not alarms(desk, "server misnamed")
