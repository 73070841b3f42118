# SPDX-License-Identifier: EUPL-1.2
"""The daemon of the demo, except that it sends no reminders: `forgetful_daemon.py --daemon DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from flaggermail import logbook
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.wiring import daemon_assembly


def remind_nobody(env: Services) -> int:
    """Sends no reminder."""
    del env
    return 0


if __name__ == "__main__":
    sending.tick = remind_nobody
    logbook.configure()
    running = daemon_assembly.demo_daemon(Path(sys.argv[-1]))
    running.obey_signals()
    running.run()
