# SPDX-License-Identifier: EUPL-1.2
"""The log holds constant text and fields: no word of a mail, no token, no secret, no error text."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import logging
import pkgutil
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import flaggermail
from flaggermail import logbook
from flaggermail.adapters.db.engine import make_engine
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.commands import door
from flaggermail.commands.elections import StartExercise
from flaggermail.commands.reports import DraftReport, FreezeReport
from flaggermail.intake import apply
from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from flaggermail.record.definition import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.services import Services
from flaggermail.shipped import shipped
from tests.acting import run
from tests.corpus import each, one_in
from tests.pace import within
from tests.story.conftest import CONFIG, NOW

CANARY = "Kanarie-9f3c"
TOKEN = "0123456789abcdef0123456789abcdef"
SIX = ["action", "object", "result", "origin", "actor"]
HOSTILE = "\x1b[2J\r\nforged\u202e\u2028\ud800\x00\U000e0041" + "x" * 10_000
ROOT = Path(__file__).parents[2]
SOURCES = sorted(Path(flaggermail.__file__).parent.rglob("*.py"))
EVENTS = [
    function
    for name, function in inspect.getmembers(logbook, inspect.isfunction)
    if function.__module__ == logbook.__name__
    and not name.startswith("_")
    and name not in {"configure", "catch_crashes"}
]


@dataclass(frozen=True)
class Log:
    """The log as the journal receives it."""

    capture: pytest.CaptureFixture[str]

    def read(self) -> str:
        """Returns what was written since the last call."""
        return self.capture.readouterr().err

    def line(self) -> dict[str, object]:
        """Returns the single line written, parsed as JSON."""
        (line,) = self.read().splitlines()
        found: dict[str, object] = json.loads(line)
        return found


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """Configures logging as `run` does and restores it afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logbook.configure()
    yield Log(capsys)
    logbook.configure(logging.WARNING)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def arguments(function: Callable[..., None], word: str) -> dict[str, object]:
    """Returns arguments for a function of the logbook: `word` for text, an error that quotes it for an error."""
    samples: dict[str, object] = {"str": word, "int": 7, "float": 1.5, "bool": True, "BaseException": raised(word)}
    names = inspect.signature(function).parameters.values()
    return {each.name: samples[str(each.annotation).partition(" | ")[0]] for each in names}


def raised(word: str) -> ValueError:
    """Returns an error that quotes `word`, as does its cause."""
    with pytest.raises(ValueError, match="unfit") as caught:
        fail(word)
    return caught.value


def fail(word: str) -> None:
    """Raises that error."""
    known: dict[str, str] = {}
    try:
        known[word]
    except KeyError as cause:
        raise ValueError(f"unfit: {word}") from cause


# ---------------------------------------------------------------- lines


@each("function", EVENTS, ids=lambda function: str(function.__name__))
def test_a_line_answers_the_six_questions(function: Callable[..., None], log: Log) -> None:
    """Every line names time, action, object, result, origin and actor under the same keys."""
    function(**arguments(function, "word"))
    line = log.line()
    assert ["timestamp", "level", *SIX] == list(line)[:7]
    assert all(line[name] for name in SIX)


@each("function", EVENTS, ids=lambda function: str(function.__name__))
@pytest.mark.long
def test_hostile_text_is_one_harmless_line(function: Callable[..., None], log: Log) -> None:
    """Hostile text becomes one line of limited length without control, bidirectional or unpaired characters."""
    function(**arguments(function, HOSTILE))
    written = log.read()
    assert written.count("\n") == 1
    assert written[:-1].isprintable()
    assert len(written) < 8 * logbook.LONGEST


def test_a_terminal_gets_harmless_lines_too(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    """On a terminal, control characters are shown as code points."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    logbook.configure()
    logbook.link_lost(1, 2.0, HOSTILE)
    written = log.read()
    assert "\x1b[2J" not in written
    assert "<U+001B>[2J<U+000D><U+000A>forged<U+202E>" in written
    assert written.count("\n") == 1


class Closed(io.StringIO):
    """A standard error that refuses writes."""

    def write(self, text: str) -> int:
        """Fails like a terminal that was closed."""
        raise OSError(5, "Input/output error", text)


@pytest.mark.parametrize(
    "stream", one_in(3, [Closed(), None, io.TextIOWrapper(io.BytesIO(), "ascii", errors="strict")])
)
def test_logging_never_raises(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    """A closed, missing or ASCII-only standard error loses lines and raises nothing."""
    del log
    monkeypatch.setattr(sys, "stderr", stream)
    for function in EVENTS:
        function(**arguments(function, f"{HOSTILE} Curaçao"))


def test_what_looks_like_a_secret_is_masked(log: Log) -> None:
    """Mail tokens and URLs are masked anywhere in the text; a longer digest is not."""
    logbook.link_lost(1, 2.0, f"token {TOKEN}, +{TOKEN}@ https://pager.example/hooks/{CANARY} end, {TOKEN}{TOKEN}")
    assert log.line()["reason"] == f"token <token>, +<token>@ <url> end, {TOKEN}{TOKEN}"


def test_a_long_word_takes_no_quadratic_time(log: Log) -> None:
    """A word of a hundred thousand letters is logged at once, and an address behind it is masked."""
    begun = time.process_time()
    logbook.link_lost(1, 2.0, f"{'x' * 100_000} pager://{CANARY}")
    assert within(time.process_time() - begun, 1)
    assert CANARY not in log.read()


@each("function", EVENTS, ids=lambda function: str(function.__name__))
def test_the_text_of_an_error_is_never_written(function: Callable[..., None], log: Log) -> None:
    """An error is logged by its type, its cause's type and its traceback as modules and lines, never by its text."""
    words = arguments(function, CANARY)
    if not any(isinstance(word, BaseException) for word in words.values()):
        return
    function(**{name: word if isinstance(word, BaseException) else "worker" for name, word in words.items()})
    written = log.read()
    line = json.loads(written)
    assert CANARY not in written
    assert line["error"] == "ValueError from KeyError"
    assert str(line["at"]).startswith(f"['{__name__}:")


@each("function", EVENTS, ids=lambda function: str(function.__name__))
def test_every_field_of_a_line_is_explained(function: Callable[..., None], log: Log) -> None:
    """docs/operation.md explains under "The journal", in the row of the action, each field of its line."""
    function(**arguments(function, "word"))
    line = log.line()
    manual = (ROOT / "docs" / "operation.md").read_text("utf-8")
    rows = manual.partition("\n## The journal\n")[2].partition("\n## ")[0].splitlines()
    (row,) = (row for row in rows if row.startswith(f"| {line['action']} |"))
    assert [name for name in list(line)[7:] if f"`{name}`" not in row] == []


# ---------------------------------------------------------------- messages of libraries


def test_a_library_is_named_and_not_quoted(log: Log) -> None:
    """A library's message is logged by logger name, place and error type, without its text."""
    logging.getLogger("some.library").error("job %s raised", CANARY, exc_info=raised(CANARY))
    written = log.read()
    line = json.loads(written)
    assert CANARY not in written
    assert (line["object"], line["error"], line["level"]) == ("some.library", "ValueError", "error")


# ---------------------------------------------------------------- the end of the process

CRASH = """
import sys, threading, warnings
from flaggermail import logbook
logbook.configure()
logbook.catch_crashes()
def fail():
    try:
        {}[sys.argv[1]]
    except KeyError as cause:
        raise ValueError(sys.argv[1]) from cause
class Left:
    def __del__(self):
        fail()
if sys.argv[2] == "thread":
    worker = threading.Thread(target=fail, name="worker")
    worker.start()
    worker.join()
elif sys.argv[2] == "warning":
    warnings.warn(sys.argv[1], RuntimeWarning)
elif sys.argv[2] == "clean-up":
    del (left := Left()) if False else None
else:
    fail()
""".replace("    del (left := Left()) if False else None\n", "    left = Left()\n    del left\n")


@pytest.mark.parametrize(
    ("where", "named", "status"), [("process", "process", 1), ("thread", "worker", 0), ("clean-up", "clean-up", 0)]
)
def test_a_crash_is_a_line_without_values(where: str, named: str, status: int) -> None:
    """A crash is logged without the text of the error, which the interpreter's own traceback would print."""
    ran = subprocess.run([sys.executable, "-c", CRASH, CANARY, where], capture_output=True, text=True, check=False)
    (line,) = ran.stderr.splitlines()
    found = json.loads(line)
    assert CANARY not in ran.stderr
    assert (found["action"], found["object"], found["error"]) == ("crashed", named, "ValueError from KeyError")
    assert found["at"][-1].startswith("__main__:")
    assert ran.returncode == status


def test_a_warning_is_a_line_without_its_words() -> None:
    """A warning is logged without its text and source line."""
    ran = subprocess.run([sys.executable, "-c", CRASH, CANARY, "warning"], capture_output=True, text=True, check=True)
    (line,) = ran.stderr.splitlines()
    assert CANARY not in line
    assert json.loads(line)["object"] == "py.warnings"


# ---------------------------------------------------------------- errors that would quote their input


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Yields every model of the package, including the tables."""
    for model in base.__subclasses__():
        if model.__module__.startswith("flaggermail."):
            yield model
        yield from models(model)


def test_no_model_quotes_its_input() -> None:
    """No Pydantic model of the package shows its input in errors."""
    for module in pkgutil.walk_packages(flaggermail.__path__, "flaggermail."):
        if ".migrations." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = set(models())
    assert len(found) > 30
    assert [model.__qualname__ for model in found if not model.model_config.get("hide_input_in_errors")] == []


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Yields every call of a function of that name in the package."""
    for path in (path for path in SOURCES if name in path.read_text("utf-8")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == name:
                yield path, node


def test_no_engine_quotes_its_parameters() -> None:
    """Each engine of the package is made by create_engine with hide_parameters."""
    made = list(calls("create_engine"))
    assert made
    for path, call in made:
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("hide_parameters") == "True", f"{path}:{call.lineno}"
    assert not [
        found for name in ("engine_from_config", "create_async_engine", "create_mock_engine") for found in calls(name)
    ]


def test_an_error_of_the_database_shows_no_value(tmp_path: Path) -> None:
    """A database error shows no value in its own text or in that of its cause."""
    engine = make_engine(f"sqlite:///{tmp_path}/database")
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("INSERT INTO nowhere VALUES (:word)"), {"word": CANARY})
    engine.dispose()
    assert CANARY not in f"{caught.value}{caught.value.__cause__}{caught.value!r}"


def test_a_mail_on_which_the_judgement_fails_leaves_its_words_out_of_the_log(
    env: Services, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed judgement is logged and filed by the type of its error, without the text of the mail."""
    monkeypatch.setattr(apply, "apply_effects", lambda _work, stored, *_: fail(stored.subject))
    octets = f"From: a@{CANARY}.example\r\nSubject: {CANARY}\r\nMessage-ID: <1@x.example>\r\n\r\n{CANARY}\r\n".encode()
    outcome = ingest(env, RawMessage(octets, NOW, "INBOX", "1", "1"))
    logbook.message_taken_in("INBOX", "1", len(octets), outcome)
    written = log.read()
    assert "ValueError" in written
    assert CANARY not in written


# ---------------------------------------------------------------- output of commands

UNSEEN = "\x1b]0;gone\x07\x9b2J\x7f\u202egnp.exe\u2066\u200b\ufeff"
ENCODED = f"=?utf-8?B?{b64encode(UNSEEN.encode()).decode()}?="
HOSTILE_MAIL = (
    "Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r\n"
    "Received: from mail.lindewaard.example by mx.bzk.example; Wed, 17 Mar 2027 09:00:00 +0000\r\n"
    f"From: {ENCODED} <f@lindewaard.example>\r\n"
    f"To: {UNSEEN} <x@bzk.example>\r\nReply-To: {UNSEEN}@lindewaard.example\r\n"
    f"Subject: Verkeerde stemdag {ENCODED}\r\nMessage-ID: <h{UNSEEN}@x.example>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nZie bericht. {UNSEEN}\r\n"
    f"-----Oorspronkelijk bericht-----\r\nVan: {UNSEEN} <y@z.example>\r\nOnderwerp: {UNSEEN}\r\n\r\n{UNSEEN}\r\n"
    f'--b\r\nContent-Type: application/pdf; name="{UNSEEN}.pdf"\r\nContent-Disposition: attachment\r\n\r\nx\r\n'
    "--b--\r\n"
).encode()
READING = {  # command -> arguments; {case} and the like are filled in
    "annex list": [],
    "archive find": ["--case", "{case}"], "archive retention": [], "archive verify": [], "audit head": [],
    "audit verify": [],
    "case list": [], "case show": ["{case}"], "channel list": [], "events": [],
    "declined list": [], "declined show": ["{parked}"],
    "election list": [], "exercise debrief": [],
    "latency": [],
    "message list": [],
    "message show": ["{filed}"], "node list": [],
    "oncall handover": [], "oncall held": [], "oncall next": [], "oncall now": [],
    "officer list": [],
    "readiness": [], "referrer list": [], "report uses": [], "oncall pages": [], "outbox list": ["--all"],
    "outbox show": ["{mail}"], "parse": ["{file}", "--json"], "quarantine list": [],
    "quarantine show": ["{parked}"],
    "report changes": ["{reported}"],
    "rules compare": ["{rules}"], "rules test": ["{file}"], "status": [], "threads": ["{file}", "--json"],
}  # fmt: skip
# They show only what the administrator or the desk wrote, what the package brings, or the names of files.
ELSEWHERE = {
    "annex apply", "annex show",  # tests/store/test_annexes.py
    "archive export", "case readers",  # tests/store/test_readings.py
    "case text", "check", "db backup", "db restore", "db upgrade", "demo", "ingest", "init",
    "message sample", "message save", "officer revoke", "replay", "report make", "report verify",
    "rules check", "rules schema", "run", "serve", "web",
}  # fmt: skip
ACTING = set(door.COMMANDS)  # their documents hold a key and one line of ours


def commands_with_documents(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields the commands that can print stored data as JSON."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from commands_with_documents(below, (*path, name))
    elif any("--json" in parameter.opts for parameter in command.params):
        yield " ".join(path)


def test_each_command_that_shows_mail_is_tried_below() -> None:
    """Each command that shows stored data is listed in READING."""
    assert set(commands_with_documents(commands)) - ELSEWHERE - ACTING == set(READING)


@pytest.fixture
def places(env: Services, tmp_path: Path) -> dict[str, str]:
    """Returns the arguments of the commands, on a desk that took in hostile mail as a case and in quarantine."""
    stranger = HOSTILE_MAIL.replace(b"lindewaard", b"nowhere").replace(b"<h", b"<i").replace(b"Zie", b"Geen")
    for uid, octets in enumerate((HOSTILE_MAIL, stranger), start=1):
        ingest(env, RawMessage(octets, NOW, "INBOX", "1", str(uid)))
    (tmp_path / "hostile.eml").write_bytes(HOSTILE_MAIL)
    with env.store.read() as tx:
        (case,) = tx.find(Case)
        filed, parked = (
            tx.find(StoredMessage, where(StoredMessage.place).is_(Place(place)))[0] for place in ("case", "quarantine")
        )
        mail = tx.find(OutboxMail)[0]
    assert "\u202e" in str(filed.subject)
    run(env, StartExercise(story="S08", even_today=True), "officer1")
    as_if_played = RawMessage(stranger.replace(b"<i", b"<j"), NOW, "exercise EX270317", "0", "1")
    ingest(env, as_if_played)
    rules = shutil.copytree(shipped("rules"), tmp_path / "rules")
    marking = "{name: marked, when: {domain: [lindewaard.example]}, then: {labels: [press]}}"
    (rules / "16-more.yaml").write_text(f"stage: sender\nrules:\n  - {marking}\n", encoding="utf-8")
    run(env, DraftReport(election=case.election, text="languages: [nl, en]\n"), "officer1")
    run(env, FreezeReport(election=case.election, early=True), "head1")
    return {
        "case": case.number,
        "reported": case.election,
        "filed": filed.id,
        "parked": parked.id,
        "mail": mail.id,
        "file": str(tmp_path / "hostile.eml"),
        "rules": str(rules),
    }


@each("form", [[], ["--json"]], ids=["lines", "document"])
@each("command", READING)
def test_no_command_obeys_what_a_mail_holds(
    env: Services, places: dict[str, str], command: str, form: list[str]
) -> None:
    """No character of a hostile mail acts on the terminal, in text or JSON output."""
    words = [*command.split(), *(word.format(**places) for word in READING[command]), *form]
    ran = CliRunner().invoke(commands, words, obj=Session(CONFIG, given=env, officer="officer1"))
    assert ran.exit_code == (command == "status"), ran.output  # no daemon runs
    assert [sign for sign in ran.output if not (sign.isprintable() or sign in "\n\t")] == []


def test_the_logger_loads_nothing_that_only_a_checkout_has() -> None:
    """Structlog would load rich, which other programs in the same environment still find."""
    asked = (
        "import sys; from flaggermail import logbook; logbook.configure(); print('rich' in sys.modules); import rich"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
