# SPDX-License-Identifier: EUPL-1.2
"""A daemon that waits has loaded what mail needs, and nothing of pages, reports, lists and what a desk does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.migrated import register_in
from tests.flow.desk_process import configure
from tests.patience import PATIENCE

pytestmark = pytest.mark.outside
ROOT = Path(__file__).parents[2]
ELSEWHERE = (
    "flaggermail.adapters.files.template_situations", "flaggermail.adapters.parsing.pictures",
    "flaggermail.adapters.documents.odt", "flaggermail.adapters.documents.pdf", "flaggermail.adapters.http",
    "flaggermail.adapters.oauth.endpoint", "flaggermail.adapters.oauth.entra",
    "flaggermail.adapters.parsing.parser", "flaggermail.adapters.parsing.unpacking",
    "flaggermail.annex", "flaggermail.archive", "flaggermail.desk", "flaggermail.door", "flaggermail.figures",
    "flaggermail.notices.debrief", "flaggermail.online", "flaggermail.report", "flaggermail.rules.rulebook",
    "flaggermail.stories.rehearsing", "flaggermail.stories.replay", "flaggermail.stories.scenario_file",
    "flaggermail.wording.annex", "flaggermail.wording.dossier", "flaggermail.wording.online",
    "flaggermail.wording.report",
)  # fmt: skip
"""Rooms and modules of the door, of commands that look back, of a reload, and of the process that parses."""
UNUSED = (
    "PIL", "alembic", "apprise", "cheroot", "cryptography", "dkim", "dns", "flask", "flufl", "fontTools", "google",
    "html", "mailparser", "msal", "olefile", "pikepdf", "psycopg", "segno", "sqlalchemy.dialects.postgresql",
    "tnefparse", "urllib.request", "weasyprint", "werkzeug",
)  # fmt: skip
"""Packages that other processes need, or a desk on another engine, or with a platform's signed mail."""
BEGUN = """
import sys
from pathlib import Path
import flaggermail.cli.run
from flaggermail.wiring.daemon_assembly import daemon
running = daemon(Path(sys.argv[1]))
running.warm()
running.env.close()
print(*sys.modules)
"""


def loaded(directory: Path) -> set[str]:
    """Returns the modules of a daemon that is ready for its first mail, and the packages that they are in."""
    command = [sys.executable, "-c", BEGUN, str(directory)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=PATIENCE)
    modules = ended.stdout.splitlines()[-1].split()
    return {".".join(parts[:n]) for one in modules for parts in [one.split(".")] for n in range(1, len(parts) + 1)}


def test_a_daemon_that_waits_has_loaded_nothing_of_others(tmp_path: Path) -> None:
    """Each of these was in its memory once, or would come with one import too many: 30 MiB in all."""
    desk = tmp_path / "desk"
    desk.mkdir()
    configure(desk, {"submission": {"host": "localhost", "user": "m", "port": 1, "tls": "none"}}, "officer")
    for credential in ("imap-password", "smtp-password"):
        file = desk / "credentials" / credential
        file.write_text("secret", "utf-8")
        file.chmod(0o600)
    register_in(desk)  # the start that makes the tables loads what makes them
    found = loaded(desk)
    assert {"flaggermail.intake.ingest", "flaggermail.adapters.parsing.worker", "sqlalchemy"} <= found
    assert found & {*ELSEWHERE, *UNUSED} == set()
