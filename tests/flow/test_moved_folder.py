# SPDX-License-Identifier: EUPL-1.2
"""A colleague moves a folder of years into the inbox of a real Dovecot: fresh mail waits for none of it.

`./dev bench --only moved` does the same with 50,000.
"""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

from ruamel.yaml import YAML

from tests.flow.desk_process import DeskProcess, patiently, while_it_grows
from tests.flow.test_daemon import refer
from tests.flow.test_database_away import is_green, wait_for_confirmations
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

ELSEWHERE = "Elders"  # where the desk does not look
OLD, LIVE = 600, 3
REFERRAL = (
    "Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r\n"
    "From: griffie@lindewaard.example\r\nTo: {to}\r\nSubject: Verkeerde stemdag in wijk {number}\r\n"
    "Message-ID: <old{number}@lindewaard.example>\r\n\r\nBericht {number}. Zelf twee keer gemeld.\r\n"
)


def test_fresh_mail_is_served_while_a_folder_of_years_is_moved_in(
    desk: DeskProcess, dovecot: Dovecot, postfix: Postfix, platform: PlatformServer
) -> None:
    """Of old referrals none is answered, few wait and the rest is history; the fresh ones are confirmed meanwhile."""
    _look_elsewhere_never(desk)
    to = f"{desk.mailbox}@bzk.example"
    old = (REFERRAL.format(to=to, number=number).encode() for number in range(OLD))
    dovecot.lay(desk.mailbox, old, datetime.now(UTC).replace(microsecond=0) - timedelta(days=900), ELSEWHERE)
    desk.start()
    patiently(lambda: desk.rows("SELECT 1 FROM cursor WHERE looked_at IS NOT NULL"), "the first look")
    assert desk.process is not None
    desk.process.send_signal(signal.SIGSTOP)  # so that all of it is there when the desk looks, however fast it reads
    dovecot.move(desk.mailbox, ELSEWHERE, "INBOX")
    refer(desk, postfix, 10_001)
    dovecot.wait_for_messages(desk.mailbox, OLD + 1)
    desk.process.send_signal(signal.SIGCONT)
    for number in range(1, LIVE + 1):
        wait_for_confirmations(platform, number)
        if number < LIVE:
            refer(desk, postfix, 10_001 + number)
    while_it_grows(lambda: _taken(desk), lambda: _taken(desk) == OLD + LIVE, "all of it is on record")
    patiently(lambda: desk.rows("SELECT DISTINCT state FROM outbox") == [("accepted",)], "nothing waits")
    first = desk.rows("SELECT place FROM message WHERE direction = 'in' ORDER BY rowid LIMIT 1")
    assert first == [("case",)], "the fresh one, which came last, is taken in first"
    assert len(platform.received()) == LIVE
    places = "SELECT arrival, place, count(*) FROM message WHERE direction = 'in' GROUP BY 1, 2 ORDER BY 1, 2"
    few = 50
    assert desk.rows(places) == [
        ("moved in", "quarantine", OLD - few), ("server", "case", LIVE), ("server", "quarantine", few)
    ]  # fmt: skip
    assert desk.rows("SELECT count(*), count(DISTINCT message) FROM delivery") == [(OLD + LIVE,) * 2]
    assert desk.rows("SELECT held FROM cursor WHERE folder = 'INBOX'") == [(OLD + LIVE,)]
    assert desk.rows("SELECT count(*) FROM alarm") == [(0,)]
    assert is_green(desk)
    told = patiently(lambda: desk.officers_mail(dovecot, LIVE + 1), "a notice of each fresh one, and one digest")
    assert sum(b"Subject: 50 mails te laat verwerkt" in octets for octets in told) == 1


def _look_elsewhere_never(desk: DeskProcess) -> None:
    yaml = YAML()
    settings = yaml.load((desk.folder / "flaggermail.yaml").read_text("utf-8"))
    settings["mailbox"]["excluded_folders"] = [ELSEWHERE]
    yaml.dump(settings, desk.folder / "flaggermail.yaml")


def _taken(desk: DeskProcess) -> int:
    ((count,),) = desk.rows("SELECT count(*) FROM delivery")
    return int(str(count))
