# SPDX-License-Identifier: EUPL-1.2
"""Prometheus' own tool reads the metrics and the alerts that are shipped, and each alert fires when it should."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from flaggermail.adapters.files.status_file import PREFIX, StatusFile, exposition
from flaggermail.health.metrics import METRICS_FILE, metrics
from flaggermail.health.status_document import STATUS_FILE
from flaggermail.mail.message import Json
from tests.patience import PATIENCE
from tests.unit.health.test_metrics import FULL
from tests.unit.health.test_status_document import FINE

pytestmark = pytest.mark.outside

ROOT = Path(__file__).parents[2]
RULES = ROOT / "systemd" / "prometheus-rules.yaml"
# Alert: series, each with its value at the start and its growth a minute; a minute at which the alert is silent, and
# one at which it fires (None: it never is, it never does).
Course = tuple[dict[str, tuple[float, float]], int | None, int | None]
ALERTS: dict[str, list[Course]] = {
    "FlaggermailSilent": [
        ({"status_timestamp_seconds": (0, 0)}, 2, 6),
        ({"status_timestamp_seconds": (0, 60)}, 100, None),
        ({}, None, 3),
    ],
    "FlaggermailMailboxUnread": [
        ({'folder_read_timestamp_seconds{folder="INBOX"}': (0, 0)}, 15, 18),
        ({'folder_read_timestamp_seconds{folder="INBOX"}': (0, 60)}, 100, None),
    ],
    "FlaggermailMailWaits": [({"outbox_oldest_timestamp_seconds": (0, 0)}, 30, 33), ({}, 100, None)],
    "FlaggermailMailInDoubt": [
        ({'outbox_mails{state="uncertain"}': (1, 0)}, None, 0), ({'outbox_mails{state="queued"}': (9, 0)}, 100, None),
    ],
    "FlaggermailFault": [({"faults": (2, 0)}, 4, 6), ({"faults": (0, 0)}, 100, None)],
    "FlaggermailNobodyOnCall": [
        ({"on_call": (0, 0), 'clocks_running{clock="human"}': (1, 0)}, 9, 11),
        ({"on_call": (1, 0), 'clocks_running{clock="human"}': (1, 0)}, 100, None),
        ({"on_call": (0, 0), 'clocks_running{clock="human"}': (0, 0)}, 100, None),
    ],
    "FlaggermailClockOverdue": [
        ({'clocks_older{clock="receipt",minutes="240"}': (1, 0)}, 9, 11),
        ({'clocks_older{clock="human",minutes="240"}': (1, 0)}, 100, None),
        ({'clocks_older{clock="receipt",minutes="120"}': (1, 0)}, 100, None),
    ],
    "FlaggermailPageLost": [
        ({'pages_undelivered{state="failed"}': (1, 0)}, None, 0),
        ({'pages_undelivered{state="held"}': (0, 0)}, 9, None),
    ],
    "FlaggermailPlatformUnverified": [
        ({f'platform_mails_total{{verdict="{v}"}}': (5, n) for v, n in (("failed", 0.1), ("verified", 0))}, 5, 90),
        ({f'platform_mails_total{{verdict="{v}"}}': (5, n) for v, n in (("failed", 0.1), ("verified", 0.2))}, 90, None),
        ({'platform_mails_total{verdict="unverified"}': (3, 0)}, 90, None),
    ],
    "FlaggermailMailUnjudged": [
        ({"mails_unjudged_total": (0, 0.1)}, 0, 20), ({"mails_unjudged_total": (7, 0)}, 90, None),
    ],
    "FlaggermailDiskLow": [
        ({'disk_free_bytes{disk="archive"}': (4e8, 0)}, 9, 11),
        ({'disk_free_bytes{disk="archive"}': (6e8, 0)}, 90, None),
    ],
    "FlaggermailObservesLong": [({"observing_timestamp_seconds": (-14 * 86400 + 600, 0)}, 9, 12), ({}, 90, None)],
}  # fmt: skip


def promtool(*words: str, given: bytes = b"") -> tuple[int, str]:
    """Returns exit status and output of Prometheus' tool."""
    ended = subprocess.run(["promtool", *words], input=given, capture_output=True, timeout=PATIENCE, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


HOSTILE: dict[str, Json] = {"last_look": {'a"b\\c\nflaggermail_up 1': "2027-03-17T10:00:00+00:00"}}  # a folder's name


@pytest.mark.parametrize("document", [FINE.document(), FULL.document(), {}, HOSTILE])
def test_the_metrics_are_well_formed(document: dict[str, Json], tmp_path: Path) -> None:
    """`promtool check metrics` finds no fault in what the daemon writes beside its status."""
    assert StatusFile(tmp_path / STATUS_FILE).show(document) == ""
    written = (tmp_path / METRICS_FILE).read_bytes()
    assert promtool("check", "metrics", given=written) == (0, "")


def test_the_alerts_are_well_formed_and_ask_for_metrics_that_are_there() -> None:
    """`promtool check rules` finds no fault, and each metric that an alert names is one of ours."""
    status, said = promtool("check", "rules", "--lint-fatal", str(RULES))
    assert (status, f"{len(ALERTS)} rules found" in said) == (0, True), said
    asked = set(re.findall(rf"\b{PREFIX}(\w+)", RULES.read_text(encoding="utf-8")))
    assert asked <= {metric.name for metric in metrics({})}


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_fires_when_it_should(alert: str, tmp_path: Path) -> None:
    """Prometheus, in simulated time: not before its limit, then at once; never where all is well."""
    tests = [course_of(alert, *course) for course in ALERTS[alert]]
    file = tmp_path / "tests.json"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}), "ascii")
    status, said = promtool("test", "rules", str(file))
    assert status == 0, said


def course_of(
    alert: str, series: dict[str, tuple[float, float]], silent: int | None, fires: int | None
) -> dict[str, object]:
    """Builds the test of one alert and one course of its metrics, in the form of Prometheus' tool."""
    count = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    moments = [(minute, value) for minute, value in ((silent, 0), (fires, 1)) if minute is not None]
    return {
        "interval": "1m",
        "input_series": [{"series": PREFIX + k, "values": f"{at}{by:+}x101"} for k, (at, by) in series.items()],
        "promql_expr_test": [
            {"expr": count, "eval_time": f"{minute}m", "exp_samples": [{"labels": "{}", "value": value}]}
            for minute, value in moments
        ],
    }


def test_the_text_is_the_same_for_the_same_status() -> None:
    """Nothing is added: no instant of writing, no figures of the process."""
    assert exposition(FULL.document()) == exposition(FULL.document())
    assert {line.split()[2] for line in exposition({}).decode().splitlines() if line.startswith("# TYPE")} == {
        PREFIX + metric.name for metric in metrics({})
    }


def test_a_name_of_a_folder_stays_in_its_label() -> None:
    """Quotes, backslashes and line ends of a folder's name are escaped: it can write no metric of its own."""
    said = exposition(HOSTILE).decode()
    assert "\nflaggermail_up 1" not in said
    assert '{folder="a\\"b\\\\c\\nflaggermail_up 1"} ' in said
