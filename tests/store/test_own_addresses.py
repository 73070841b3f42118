# SPDX-License-Identifier: EUPL-1.2
"""A mailbox that got another address keeps the old one as an alias: mail from either is the desk's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flaggermail.errors import ConfigurationError
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from tests.store.desk_fixtures import CITIZEN, CONFIG, DESK, OFFICER, REFERRER, Desk, mail

NEW = "desk@vereniging.example"


@pytest.mark.parametrize("alias", [False, True])
@pytest.mark.parametrize("sender", [REFERRER, CITIZEN], ids=["a referrer", "a citizen"])
def test_nothing_is_answered_automatically_to_an_alias(desk: Desk, sender: str, *, alias: bool) -> None:
    """What a colleague writes from the mailbox's former address is confirmed to nobody, and declined by nobody."""
    aliases = (DESK, sender.upper()) if alias else (DESK,)
    mailbox = desk.env.settings.desk.mailbox.model_copy(update={"address": NEW, "aliases": aliases})
    own = desk.env.settings.desk.model_copy(update={"mailbox": mailbox})
    desk.with_settings(desk.env.settings.model_copy(update={"desk": own}))
    desk.receive(mail(sender, "Onjuist bericht op X", "Ik zag op X dat men op 7 juni mag stemmen."))
    answered = desk.all(OutboxMail, where(OutboxMail.kind).in_([Kind.INTAKE_CONFIRMATION, Kind.DECLINE]))
    assert len(answered) == (0 if alias else 1)
    desk.assert_whole()


def test_an_officer_may_not_write_from_an_alias(tmp_path: Path) -> None:
    """Their mail would be the desk's own; the configuration says so before anything starts."""
    folder = shutil.copytree(CONFIG, tmp_path / "config")
    text = (folder / "flaggermail.yaml").read_text("utf-8")
    assert f"  address: {DESK}\n" in text
    aliased = text.replace(f"  address: {DESK}\n", f"  address: {DESK}\n  aliases: [{OFFICER.upper()}]\n")
    (folder / "flaggermail.yaml").write_text(aliased, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(folder, shipped("rules"), shipped("config") / "templates")
    assert [fault for fault in refused.value.faults if f"{OFFICER!r} is the shared mailbox" in fault]
