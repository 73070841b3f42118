# SPDX-License-Identifier: EUPL-1.2
"""What the daemon says about itself: one function a business event, constant text, fields beside it.

Never a body, a token or a secret. JSON when it goes to a journal, readable lines on a terminal.
"""

from __future__ import annotations

import logging
import sys

import structlog

_log = structlog.get_logger("flaggermail")


def configure(level: int = logging.INFO) -> None:
    """Set up the log: lines on stderr from `level` on."""
    readable = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


configure(logging.WARNING)  # until a long-running command asks for more; nothing ever goes to stdout


def daemon_started(holder: str) -> None:
    """The lease is held and every worker runs."""
    _log.info("daemon started", holder=holder)


def daemon_stopped(seconds: float) -> None:
    """Everything that was started has ended."""
    _log.info("daemon stopped", seconds=round(seconds, 3))


def stop_overdue(worker: str) -> None:
    """A worker did not end within its deadline."""
    _log.error("worker did not stop in time", worker=worker)


def worker_failed(worker: str, error: BaseException) -> None:
    """A worker cannot go on; the daemon stops. The kind of the fault is named, its text may hold what came by mail."""
    _log.error("worker failed, the daemon stops", worker=worker, error=type(error).__name__)


def message_taken_in(folder: str, uid: int, octets: int, outcome: str) -> None:
    """A message is in the archive and in the record."""
    _log.info("message taken in", folder=folder, uid=uid, octets=octets, outcome=outcome)


def link_lost(failures: int, seconds: float, reason: str) -> None:
    """The mailbox is out of reach; it is tried again after `seconds`."""
    _log.warning("mailbox link lost", failures=failures, again_in=round(seconds, 1), reason=reason)


def link_up() -> None:
    """The mailbox was read to its end after a time out of reach."""
    _log.info("mailbox link up")


def mails_sent(count: int) -> None:
    """So many mails were tried."""
    _log.info("mails tried", count=count)


def reminders_sent(count: int) -> None:
    """So many reminders were queued."""
    _log.info("reminders queued", count=count)


def unsettled(count: int) -> None:
    """So many mails were in hand when the program last died."""
    _log.warning("mails were in hand when the daemon last ended", count=count)
