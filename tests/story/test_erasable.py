# SPDX-License-Identifier: EUPL-1.2
"""Personal data is never stored in clear in the event chain, so it can be erased and the chain holds."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.approve import Reject
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.messages import RefuseMessage
from flaggermail.commands.notify import Draft
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.intake import poll
from flaggermail.outbox import delivery
from flaggermail.record.case_values import ContactMeans, Decision
from flaggermail.record.kinds import Place
from flaggermail.record.rows import StoredMessage
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.stories.scenario_file import ScriptedAnswer
from tests import asking
from tests.acting import run
from tests.doubles import migrated
from tests.story.conftest import CONFIG, NOW

CANARIES = ("kanarie", "Kanarie")  # in every personal field of the story below


def referral(sender: str, number: int) -> bytes:
    """Returns a referral whose every personal field holds a canary."""
    domain = sender.rpartition("@")[2]
    return (
        f"Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}\r\n"
        f"Received: from mail.{domain} by mx.bzk.example with ESMTPS\r\n"
        f"From: Karel Kanarie <{sender}>\r\nTo: verkiezingenflagger@bzk.example\r\n"
        f"Subject: Bericht van kanarie {number}\r\nMessage-ID: <r{number}@{domain}>\r\n\r\nkanarie\r\n"
    ).encode()


def octets(env: Services) -> list[bytes]:
    """Returns the octets of every event."""
    assert isinstance(env.store, SqlStore)
    with env.store.engine.connect() as connection:
        return [bytes(row[0]) for row in connection.execute(text("SELECT octets FROM event"))]


def test_no_event_holds_what_a_person_wrote(tmp_path: Path) -> None:
    """Referral, refused confirmation, decision, note, placing and rejection leave no canary in any event."""
    clock = SetClock(NOW)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    gone = "kanarie@lindewaard.example"
    refusal = [ScriptedAnswer(to=gone, code=550, text=f"no such user {gone}")]
    env = migrated.replayed(settings, tmp_path, clock, CountedRandomness("erasable"), ScriptedSubmitter(clock, refusal))
    mailbox = ListMailbox(settings.desk.mailbox)
    mailbox.deliver("inbox", referral("kanarie@lindewaard.example", 1), NOW)
    mailbox.deliver("inbox", referral("kanarie@elsewhere.example", 2), NOW)
    poll.look(env, mailbox)
    delivery.drain(env)
    (case,) = asking.cases(env)
    (waiting,) = asking.messages(env, place=Place.QUARANTINE)
    by_hand = [
        Assess(case=case.number, incorrect=True, contradicts="kanarie", criteria=(1,), override_reason="kanarie"),
        Decide(case=case.number, decision=Decision.NOTIFY, reason="kanarie"),
        Draft(case=case.number, channel="x-urgent", title="Posts of kanarie", text="A post by kanarie."),
        Reject(draft=f"{case.number}/1", reason="names kanarie"),
        NoteContact(case=case.number, means=ContactMeans.PHONE, text="kanarie called"),
        RefuseMessage(message=waiting.id, reason="kanarie is nobody"),
        PlaceMessage(message=waiting.id, noise=True, reason="kanarie again"),
    ]
    for act in by_hand:
        run(env, act, "officer1")
    found = octets(env)
    assert len(found) > 40
    assert [event for event in found if any(canary.encode() in event for canary in CANARIES)] == []
    with env.store.read() as tx:
        assert tx.verify().findings == []
        assert any("kanarie" in str(m.from_address) for m in tx.find(StoredMessage))
    env.close()
