# SPDX-License-Identifier: EUPL-1.2
"""What the log may say: constant text and fields, never a word of a mail, a token or a secret, and never an error."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import logging
import pkgutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import flaggermail
from flaggermail import consequences, logbook
from flaggermail.adapters.db.engine import make_engine
from flaggermail.core.records import StoredMessage
from flaggermail.environment import Environment
from flaggermail.ingest import ingest
from flaggermail.ports import RawMessage
from tests.story.conftest import NOW

CANARY = "Kanarie-9f3c"
TOKEN = "0123456789abcdef0123456789abcdef"
SIX = ["action", "object", "result", "origin", "actor"]
HOSTILE = "\x1b[2J\r\nforged\u202e\u2028\ud800\x00\U000e0041" + "x" * 10_000
SOURCES = sorted(Path(flaggermail.__file__).parent.rglob("*.py"))
EVENTS = [
    function
    for name, function in inspect.getmembers(logbook, inspect.isfunction)
    if function.__module__ == logbook.__name__
    and not name.startswith("_")
    and name not in {"configure", "catch_crashes"}
]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give what is logged, as a journal gets it; afterwards the log is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    sink = io.StringIO()
    monkeypatch.setattr(sys, "stderr", sink)
    logbook.configure()
    yield sink
    monkeypatch.undo()
    logbook.configure(logging.WARNING)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def lines(log: io.StringIO) -> list[dict[str, object]]:
    """Each line as the document that it must be."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def arguments(function: Callable[..., None], word: str) -> dict[str, object]:
    """Arguments for a function of the logbook: `word` wherever it takes text, an error with it where it takes one."""
    samples: dict[str, object] = {"str": word, "int": 7, "float": 1.5, "BaseException": raised(word)}
    names = inspect.signature(function).parameters.values()
    return {each.name: samples[str(each.annotation).partition(" | ")[0]] for each in names}


def raised(word: str) -> BaseException:
    """An error that quotes `word`, and so does its cause."""
    try:
        try:
            raise KeyError(word)
        except KeyError as cause:
            raise ValueError(f"unfit: {word}") from cause
    except ValueError as error:
        return error


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize("function", EVENTS, ids=lambda function: str(function.__name__))
def test_a_line_answers_the_six_questions(function: Callable[..., None], log: io.StringIO) -> None:
    """When, what, on what, with what result, where from, by whom: in every line, under the same names."""
    function(**arguments(function, "word"))
    (line,) = lines(log)
    assert ["timestamp", "level", *SIX] == list(line)[:7]
    assert all(line[name] for name in SIX)


@pytest.mark.parametrize("function", EVENTS, ids=lambda function: str(function.__name__))
def test_hostile_text_is_one_harmless_line(function: Callable[..., None], log: io.StringIO) -> None:
    """No control, bidirectional or unpaired character, no second line, no line without end."""
    function(**arguments(function, HOSTILE))
    written = log.getvalue()
    assert written.count("\n") == 1
    assert written[:-1].isprintable()
    assert len(written) < 8 * logbook.LONGEST


def test_a_terminal_gets_harmless_lines_too(monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    """On a terminal the lines are meant for a person; what would act on it is shown instead."""
    monkeypatch.setattr(log, "isatty", lambda: True)
    logbook.configure()
    logbook.link_lost(1, 2.0, HOSTILE)
    assert "\x1b[2J" not in log.getvalue()
    assert "<U+001B>[2J<U+000D><U+000A>forged<U+202E>" in log.getvalue()
    assert log.getvalue().count("\n") == 1


class Closed(io.StringIO):
    """A standard error that takes nothing any more."""

    def write(self, text: str) -> int:
        """Fail as a terminal that has gone."""
        raise OSError(5, "Input/output error", text)


@pytest.mark.parametrize("stream", [Closed(), None, io.TextIOWrapper(io.BytesIO(), "ascii", errors="strict")])
def test_logging_never_raises(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    """A closed terminal, none at all, and one that cannot show a letter lose lines, and nothing else."""
    del log
    monkeypatch.setattr(sys, "stderr", stream)
    for function in EVENTS:
        function(**arguments(function, f"{HOSTILE} Curaçao"))


def test_what_looks_like_a_secret_is_masked(log: io.StringIO) -> None:
    """Tokens of mails and addresses of pagers, wherever they stand; a digest is longer and no secret."""
    logbook.link_lost(1, 2.0, f"token {TOKEN}, +{TOKEN}@ https://pager.example/hooks/{CANARY} end, {TOKEN}{TOKEN}")
    (line,) = lines(log)
    assert line["reason"] == f"token <token>, +<token>@ <url> end, {TOKEN}{TOKEN}"


@pytest.mark.parametrize("function", EVENTS, ids=lambda function: str(function.__name__))
def test_the_text_of_an_error_is_never_written(function: Callable[..., None], log: io.StringIO) -> None:
    """Only its kind, that of its cause, and the way to where it was raised as modules and lines."""
    words = arguments(function, CANARY)
    if not any(isinstance(word, BaseException) for word in words.values()):
        return
    function(**{name: word if isinstance(word, BaseException) else "worker" for name, word in words.items()})
    (line,) = lines(log)
    assert CANARY not in log.getvalue()
    assert line["error"] == "ValueError from KeyError"
    assert str(line["at"]).startswith(f"['{__name__}:")


# ---------------------------------------------------------------- what libraries say


def test_a_library_is_named_and_not_quoted(log: io.StringIO) -> None:
    """Its messages may quote what it was given: the log tells who said something, where, and the kind of error."""
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("some.library").exception("job %s raised", CANARY)
    warnings.warn_explicit(f"odd {CANARY}", RuntimeWarning, "a.py", 1)
    assert CANARY not in log.getvalue()
    first, *_ = lines(log)
    assert (first["object"], first["error"], first["level"]) == ("some.library", "ValueError", "error")


# ---------------------------------------------------------------- the end of the process

CRASH = """
import sys, threading
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
elif sys.argv[2] == "clean-up":
    del (left := Left()) if False else None
else:
    fail()
""".replace("    del (left := Left()) if False else None\n", "    left = Left()\n    del left\n")


@pytest.mark.parametrize(
    ("where", "named", "status"), [("process", "process", 1), ("thread", "worker", 0), ("clean-up", "clean-up", 0)]
)
def test_a_crash_is_a_line_without_values(where: str, named: str, status: int) -> None:
    """The interpreter's own traceback would end with the text of the error."""
    ran = subprocess.run([sys.executable, "-c", CRASH, CANARY, where], capture_output=True, text=True, check=False)
    (line,) = ran.stderr.splitlines()
    found = json.loads(line)
    assert CANARY not in ran.stderr
    assert (found["action"], found["object"], found["error"]) == ("crashed", named, "ValueError from KeyError")
    assert found["at"][-1].startswith("__main__:")
    assert ran.returncode == status


# ---------------------------------------------------------------- errors that would quote what they were given


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every model of the package, the tables included."""
    for model in base.__subclasses__():
        if model.__module__.startswith("flaggermail."):
            yield model
        yield from models(model)


def test_no_model_quotes_its_input() -> None:
    """Pydantic would show the value that does not fit; each model of the package is told not to."""
    for module in pkgutil.walk_packages(flaggermail.__path__, "flaggermail."):
        if "versions" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = set(models())
    assert len(found) > 30
    assert [model.__qualname__ for model in found if not model.model_config.get("hide_input_in_errors")] == []


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a function of that name in the package."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == name:
                yield path, node


def test_no_engine_quotes_its_parameters() -> None:
    """Each engine of the package is made with hide_parameters, and in no other way than by create_engine."""
    made = list(calls("create_engine"))
    assert made
    for path, call in made:
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("hide_parameters") == "True", f"{path}:{call.lineno}"
    assert not [
        found for name in ("engine_from_config", "create_async_engine", "create_mock_engine") for found in calls(name)
    ]


def test_an_error_of_the_database_shows_no_value(tmp_path: Path) -> None:
    """Neither in its own text nor in that of its cause."""
    engine = make_engine(f"sqlite:///{tmp_path}/database")
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("INSERT INTO nowhere VALUES (:word)"), {"word": CANARY})
    engine.dispose()
    assert CANARY not in f"{caught.value}{caught.value.__cause__}{caught.value!r}"


def test_a_mail_on_which_the_judgement_fails_leaves_its_words_out_of_the_log(
    env: Environment, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind of the fault is filed with the mail; its text, which quotes the mail, is nowhere."""

    def fail(_work: object, stored: StoredMessage, *_: object) -> None:
        raise ValueError(f"cannot go on with {stored.subject}")

    monkeypatch.setattr(consequences, "follow", fail)
    octets = f"From: a@{CANARY}.example\r\nSubject: {CANARY}\r\nMessage-ID: <1@x.example>\r\n\r\n{CANARY}\r\n".encode()
    outcome = ingest(env, RawMessage(octets, NOW, "INBOX", 1, 1))
    logbook.message_taken_in("INBOX", 1, len(octets), outcome)
    assert "ValueError" in log.getvalue()
    assert CANARY not in log.getvalue()
