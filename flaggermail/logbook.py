# SPDX-License-Identifier: EUPL-1.2
"""The daemon's log: one function per business event, with constant text and fields.

Never logs a body, a token or a secret. Writes JSON, or readable lines on a terminal. Each line has the six fields that
BIO2, 8.15.01, requires: what was done (action), to what (object), with what result, where it originated (origin), by
whom (actor) and when (timestamp). Logging never raises, and never waits longer than a second: no text, no closed
terminal and no reader that has stopped may hold the daemon.
"""

from __future__ import annotations

import faulthandler
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import cast

from flaggermail.errors import StoreFailure
from flaggermail.log_lines import LogLines
from flaggermail.mail.vocabulary import is_invisible

LONGEST = 800  # characters per field
_RESULTS = {"info": "done", "warning": "in doubt", "error": "failed", "critical": "failed"}
_SECRETS = (
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "<token>"),
    # A pager's address is a secret. No scheme is longer; without a limit, a long word would take quadratic time.
    (re.compile(r"[a-z][a-z0-9+.-]{0,30}://\S+", re.IGNORECASE), "<url>"),
)
Fields = MutableMapping[str, object]


class _Log:
    """The logger of structlog, which is loaded for the first line: most commands log none."""

    configured = False

    def __getattr__(self, level: str) -> Callable[..., None]:
        if not self.configured:
            configure(logging.WARNING)
        import structlog  # noqa: PLC0415 - with asyncio it takes as long as a command

        write: Callable[..., None] = getattr(structlog.get_logger("flaggermail"), level)
        return write


_log = _Log()


class _Library(logging.Handler):
    """Logs the place of a library's report but not its text, which may quote any value passed to the library."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log = _log.error if record.levelno >= logging.ERROR else _log.warning
        place = f"{record.module}:{record.lineno}"
        log("library reported a fault", object=record.name, origin=place, error=type(error).__name__ if error else None)


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Lets nothing find a package that is not loaded yet, within the block.

    structlog loads rich where it is installed, 5 MiB for traces on a terminal, which are never written here.
    """
    unloaded = package not in sys.modules
    if unloaded:
        sys.modules[package] = cast("ModuleType", None)  # the import system takes None for a package that is not there
    try:
        yield
    finally:
        if unloaded:
            del sys.modules[package]


def configure(level: int = logging.INFO, *, readable: bool = True) -> None:
    """Sets up logging to stderr from `level` on: JSON lines, or words for a person if `readable` and on a terminal."""
    with _hidden("rich"):
        import structlog  # noqa: PLC0415 - as in `_Log`
    readable = readable and sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _complete,
            _fit,
            structlog.dev.ConsoleRenderer(event_key="action") if readable else structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    _log.configured = True
    _watch_libraries()


def _watch_libraries() -> None:
    logging.captureWarnings(capture=True)
    logging.basicConfig(level=logging.WARNING, handlers=[_Library()], force=True)


def _complete(_logger: object, _method: str, fields: Fields) -> Fields:
    """Puts the six required fields first, then the event's own."""
    level = str(fields.pop("level"))
    return {
        "timestamp": fields.pop("timestamp"),
        "level": level,
        "action": fields.pop("event"),
        "object": fields.pop("object", "daemon"),
        "result": fields.pop("result", _RESULTS.get(level, level)),
        "origin": fields.pop("origin", "process"),
        "actor": fields.pop("actor", "daemon"),
        **{name: value for name, value in fields.items() if value is not None},
    }


def _fit(_logger: object, _method: str, fields: Fields) -> Fields:
    """Makes every text fit for the log: masks secrets, escapes invisible characters, limits the length."""
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    text = value if isinstance(value, str) else type(value).__name__
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return "".join(f"<U+{ord(char):04X}>" if is_invisible(char) else char for char in text[:LONGEST])


_watch_libraries()  # our own lines come from WARNING on until a long-running command lowers the level, none to stdout


def catch_crashes() -> None:
    """Logs unhandled exceptions of the process and its threads with error types and places, but without values.

    The interpreter's traceback would end with the error's text, which may quote mail or a secret.
    """
    sys.excepthook = lambda _kind, error, _trace: crashed("process", error)
    threading.excepthook = lambda ended: crashed(ended.thread.name if ended.thread else "thread", ended.exc_value)
    sys.unraisablehook = lambda left: crashed("clean-up", left.exc_value)
    if not faulthandler.is_enabled() and sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)  # on a fatal signal it prints files and lines only


def crashed(where: str, error: BaseException | None) -> None:
    """An unhandled exception ended a thread or the process: a fault in the program."""
    _log.critical("crashed", object=where, error=_kinds(error), at=_places(error))


def _kinds(error: BaseException | None) -> str:
    """Returns the error's type and those of its causes."""
    kinds = []
    while error is not None:
        kinds.append(type(error).__name__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " from ".join(kinds)


def _places(error: BaseException | None) -> list[str]:
    """Returns the traceback as module:line, outermost first."""
    places, trace = [], error.__traceback__ if error else None
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places


def lines_dropped(count: int) -> None:
    """Nobody read the log, or it could not be written: `count` lines of it are missing before this one."""
    _log.warning("lines of the log were dropped", object="log", result="lost", count=count)


lines = LogLines(lines_dropped)


def daemon_started(holder: str) -> None:
    """The lease is held and every worker is running."""
    _log.info("daemon started", holder=holder)


def stands_by(held: str) -> None:
    """Another node leads, which `held` names; this one waits and takes over if that one ends or is silent."""
    _log.info("standby", object="lease", result="waits", reason=held)


def takes_over(seconds: float) -> None:
    """The node waited for so long and leads from now on."""
    _log.warning("took over", object="lease", result="leads", after_seconds=round(seconds, 1))


def leads_by_record(why: str) -> None:
    """The node leads with the channels and rules on record, as its own files would change something."""
    _log.warning("leads with the channels and rules on record", object="configuration", result="kept", reason=why)


def hands_over(why: str) -> None:
    """The node led and ends, so that another one leads; a person asked for it."""
    _log.warning("hands over", object="lease", result="released", reason=why)


def parser_confined(*, no_new_privileges: bool, landlock: int, seccomp: bool, missing: str) -> None:
    """What confines the process that parses mail; `missing` lists what this machine's kernel does not offer."""
    log = _log.warning if missing else _log.info
    held = {"no_new_privileges": no_new_privileges, "landlock": landlock, "seccomp": seccomp}
    log("parser confined", object="parser", result="in part" if missing else "done", **held, missing=missing or None)


def submission_denied(words: str) -> None:
    """The submission server refuses the desk itself; `words` are the server's, without addresses."""
    _log.warning("submission server refuses the desk", object="outbox", result="waits", reason=words)


def submission_accepts() -> None:
    """The submission server accepts the desk's mail again."""
    _log.info("submission server accepts the desk again", object="outbox", result="leaves")


def officer_unheard(officer: str, message: str, basis: str) -> None:
    """A reply in an officer's name did nothing, because its sender is not verified; `basis` is what our server says."""
    _log.warning("officer's reply not verified", object=message, result="ignored", officer=officer, reason=basis)


def approving_by_reply_not_chosen() -> None:
    """`approval.by_reply` is missing: a reply approves nothing, only a command does."""
    _log.warning("approving by reply not chosen", object="flaggermail.yaml approval.by_reply", result="off")


def sent_folder_missing(folder: str, there: str) -> None:
    """The server has no folder of the name of `mailbox.sent`; `there` lists the folders that it has."""
    _log.warning("folder of sent mail missing", object=folder, result="missing", there=there)


def set_up_faulty(code: str, sentence: str) -> None:
    """The daemon starts with a fault in its set-up; `check` prints the same sentence."""
    _log.warning("set-up faulty", object=code, result="faulty", reason=sentence)


def daemon_stopped(seconds: float) -> None:
    """All workers have ended."""
    _log.info("daemon stopped", seconds=round(seconds, 3))


def door_opened(socket: str) -> None:
    """The door listens."""
    _log.info("door opened", object=socket, actor="door")


def door_closed(seconds: float) -> None:
    """The door has stopped: requests under way were answered or given up within `seconds`."""
    _log.info("door closed", object="door", actor="door", seconds=round(seconds, 3))


def door_unanswered(reason: str) -> None:
    """The door does not answer its own request, so that it gives no sign of life."""
    _log.error("door does not answer itself", object="door", actor="door", reason=reason)


def door_reloaded(faults: str) -> None:
    """The configuration was read anew; `faults` says why the one before stays in force, if it does."""
    log = _log.warning if faults else _log.info
    log("door reloaded", object="door", actor="door", result="kept" if faults else "done", reason=faults or None)


def door_fault(error: BaseException | None) -> None:
    """A request met a fault of the program; its text may quote the request."""
    _log.error("door met a fault", object="door", actor="door", error=_kinds(error), at=_places(error))


def desk_observes() -> None:
    """The daemon starts on an observing desk, which files mail and sends nothing."""
    _log.warning("desk observes, nothing is sent", object="desk", result="withheld")


def token_reach_proven(said: str) -> None:
    """Another mailbox was tried with the token of the desk, and refused."""
    _log.info("token opens one mailbox", object="oauth2.other_mailbox", said=said)


def token_reach_accepted(words: str) -> None:
    """Nobody has proven that the token opens one mailbox alone: the configuration signs for it."""
    _log.warning("token may open other mailboxes", object="oauth2.accept_risk", said=words)


def rules_renewed(version: str, rules: int) -> None:
    """Changed rules and templates have no fault and are now in force."""
    _log.info("rules and templates taken", object=version, rules=rules)


def rules_refused(faults: int, places: str) -> None:
    """Changed rules or templates are faulty and the previous ones stay in force; `places` names the first faults."""
    _log.error("rules or templates refused", object="rules", faults=faults, at=places)


def loop_stuck(loop: str) -> None:
    """A loop has made no progress within its bound, so the watchdog will end the daemon soon."""
    _log.error("loop is stuck", object=loop)


def stop_overdue(worker: str) -> None:
    """A worker did not end within its deadline."""
    _log.error("worker did not stop in time", object=worker)


def worker_failed(worker: str, error: BaseException) -> None:
    """A worker failed and the daemon stops. Logs the error's type only, as its text may quote mail.

    That of a database quotes no value (`adapters.db.engine`).
    """
    why = {"reason": str(error)} if isinstance(error, StoreFailure) else {}
    _log.error("worker failed, the daemon stops", object=worker, error=_kinds(error), at=_places(error), **why)


def telling_failed(job: str, error: BaseException) -> None:
    """A job that only tells failed, and the daemon goes on. Logs the error's type only, as its text may quote mail."""
    _log.error("job failed, the daemon goes on", object=job, error=_kinds(error), at=_places(error))


def disk_full(sentence: str) -> None:
    """A disk of the desk had no room left when a worker failed; `check` says the same sentence."""
    _log.error("disk full", object="disk", reason=sentence)


def job_missed(job: str, late: float) -> None:
    """A job's time passed and it ran `late` seconds after it: the machine slept, or was overloaded."""
    _log.warning("job ran late", object=job, result="done", late=round(late))


def job_overlapped(job: str) -> None:
    """A call of a job was skipped because the one before it still runs."""
    _log.warning("job still runs, its next call was skipped", object=job, result="skipped")


def archive_away(reason: str) -> None:
    """The archive cannot be used: mail is neither taken in nor sent, all else goes on."""
    _log.error("archive cannot be used", object="archive", reason=reason)


def archive_back(seconds: float) -> None:
    """The archive can be used again, after so many seconds."""
    _log.info("archive can be used again", object="archive", seconds=round(seconds, 1))


def database_away(reason: str) -> None:
    """The database's server is away or refuses work; every loop waits. The reason holds no values of rows."""
    _log.error("database away", object="database", reason=reason)


def database_back(seconds: float) -> None:
    """The database answers again, after so many seconds."""
    _log.info("database answers again", object="database", seconds=round(seconds, 1))


def called_without_record(officer: str) -> None:
    """An officer's pager was called about a database that is away, which no row of a page can say."""
    _log.warning("pager called without the record", object=officer)


def record_busy(worker: str, reason: str) -> None:
    """Others write for so long that a worker puts its work off to its next call; said once until it works again."""
    _log.warning("record busy, tried again", object=worker, reason=reason)


def waited_for_record(seconds: float) -> None:
    """A writer of this process waited so long for its turn at the record."""
    _log.info("waited for the record", object=threading.current_thread().name, seconds=round(seconds, 1))


def message_taken_in(folder: str, item: str, octets: int, outcome: str) -> None:
    """A message was archived and recorded."""
    _log.info("message taken in", object="message", result=outcome, origin=folder, item=item, octets=octets)


def link_lost(failures: int, seconds: float, reason: str) -> None:
    """The mailbox is unreachable; the next attempt is in `seconds`."""
    _log.warning(
        "mailbox link lost", object="mailbox", result="failed", failures=failures, again_in=round(seconds, 1),
        reason=reason,
    )  # fmt: skip


def link_up() -> None:
    """The mailbox was read to its end after it had been unreachable."""
    _log.info("mailbox link up", object="mailbox")


def folder_unreadable(folder: str, reason: str) -> None:
    """A folder listed by the server cannot be read; the others can."""
    _log.warning("folder cannot be read", object="mailbox", origin=folder, result="left out", reason=reason)


def mail_set_aside(folder: str, item: str) -> None:
    """The server lists one mail and does not give it; the folder is read on behind it."""
    _log.warning("mail set aside", object=item, origin=folder, result="left out")


def moved_in(folder: str, at_most: int | None) -> None:
    """A folder is new, or holds many new mails: what is older than the last look is filed as history."""
    _log.info("old mail moved in", object="mailbox", origin=folder, result="history", count=at_most)


def marked(folder: str, count: int, *, kept: bool) -> None:
    """The keyword was set on `count` mails, or the server stores no keywords in that folder."""
    _log.info("keyword set", object="mailbox", origin=folder, result="ok" if kept else "not kept", count=count)


def mails_sent(count: int) -> None:
    """Delivery of `count` mails was attempted."""
    _log.info("mails tried", object="outbox", count=count)


def reminders_sent(count: int) -> None:
    """`count` reminders were queued."""
    _log.info("reminders queued", object="outbox", count=count)


def pagers_called(count: int) -> None:
    """`count` pages were attempted."""
    _log.info("pagers called", object="pagers", count=count)


def heartbeat_failed(why: str) -> None:
    """The external monitor did not get a heartbeat; the next one follows as scheduled."""
    _log.warning("heartbeat not taken", object="heartbeat", result="failed", reason=why)


def status_not_written(why: str) -> None:
    """The file read by `flaggermail status` could not be written; each tick tries again."""
    _log.error("status.json could not be written", object="status.json", reason=why)


def octets_discarded(count: int) -> None:
    """`count` declined mails and answers to them were destroyed after the review window."""
    _log.info("declined mail destroyed", object="archive", count=count)


def not_discarded(reason: str) -> None:
    """The archive could not delete a file; the next attempt is within the hour."""
    _log.error("declined mail could not be destroyed", object="archive", result="failed", reason=reason)


def not_scrubbed() -> None:
    """A reader kept the journal with erased values in use; the daemon tries again every minute."""
    _log.warning("erased values remain in the journal for now", object="database", result="tried again")


def reading_not_kept(person: str, items: str, reason: str) -> None:
    """The record could not keep who read these; the person read them all the same."""
    _log.warning("reading not kept", object=items, actor=person, result="not kept", reason=reason)


def rehearsal_broken(story: str, reason: str) -> None:
    """The story that an exercise plays cannot be read or answered; the exercise ends."""
    _log.error("rehearsal broken off", object=story, result="ended", reason=reason)


def record_head(seq: int, digest: str) -> None:
    """The head of the chain: in a log that another machine collects, it reveals a chain that was written anew."""
    _log.info("head of the record", object="record", head=f"{seq}:{digest}")


def archive_swept(count: int) -> None:
    """`count` partial files of crashed writers were removed."""
    _log.info("half-written files removed", object="archive", count=count)


def not_swept(reason: str) -> None:
    """The archive could not remove a partial file; the next start tries again."""
    _log.warning("half-written files could not be removed", object="archive", result="failed", reason=reason)


def unsettled(count: int) -> None:
    """`count` mails were being sent when the program last crashed."""
    _log.warning("mails were in hand when the daemon last ended", object="outbox", count=count)
