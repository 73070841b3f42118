# SPDX-License-Identifier: EUPL-1.2
"""Two nodes with different files: the leader's channels and rules stay in force, whoever leads."""

from __future__ import annotations

import pytest

from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.engines import POSTGRESQL
from tests.flow.machine import status_of
from tests.flow.test_database_away import refer, wait_for_confirmations, wait_until_on_record
from tests.flow.test_two_nodes import kill, leads, second  # noqa: F401 - a fixture
from tests.patience import PATIENCE
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

pytestmark = [pytest.mark.parametrize("engine", [POSTGRESQL], indirect=True), pytest.mark.long]
CHANNELS = "SELECT code, name FROM channel ORDER BY code"
ALARM = "SELECT count(*) FROM alarm WHERE kind = 'node differs'"


def test_a_node_with_another_channel_leads_only_where_it_must_and_changes_nothing(
    desk: DeskProcess,
    second: DeskProcess,  # noqa: F811 - a fixture
    postfix: Postfix,
    platform: PlatformServer,
) -> None:
    """It is not ready and says why, and the leader raises one alarm; when that dies it leads with what is on record."""
    file = second.folder / "platforms.yaml"
    text = file.read_text("utf-8")
    name = next(line for line in text.splitlines() if line.lstrip().startswith("name:"))
    file.write_text(text.replace(name, f"{name} elsewhere", 1), "utf-8")
    desk.start()
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    wait_until_on_record(desk)
    before = desk.rows(CHANNELS), desk.rows("SELECT code, name FROM platform ORDER BY code")
    second.start(waits=False)
    shown = patiently(lambda: status_of(second).get("node"), "it stands by")
    assert isinstance(shown, dict)
    assert (shown["leads"], shown["ready"]) == (False, False)
    assert "platform" in str(shown["unready"])
    patiently(lambda: desk.rows(ALARM) == [(1,)], "the leader raises an alarm", 2 * PATIENCE)
    kill(desk)
    leads(second)
    assert "leads with the channels and rules on record" in second.log()
    refer(desk, postfix, 2)
    wait_for_confirmations(platform, 2)
    wait_until_on_record(second)
    assert (desk.rows(CHANNELS), desk.rows("SELECT code, name FROM platform ORDER BY code")) == before
    assert "elsewhere" in file.read_text("utf-8")
    second.stop()
