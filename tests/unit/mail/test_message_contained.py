# SPDX-License-Identifier: EUPL-1.2
"""The parser in a separate process: same results, limited time, and a new process after one has died."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.exchange import TimeLimit
from flaggermail.adapters.parsing.worker import MEMORY_LIMIT, ContainedParser
from flaggermail.mail.message import Address
from flaggermail.shipped import shipped
from tests.pace import within
from tests.shipped_parser import PARSER

pytestmark = pytest.mark.outside  # each starts parser processes

MAILS = Path(__file__).parents[2] / "mails"
LIMIT = 100.0  # seconds for one hostile mail; each takes about one
MAIL = b"Message-ID: <a@b.example>\r\nFrom: Jan <jan@b.example>\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nhello\r\n"


def nested(depth: int) -> bytes:
    """Returns nested multiparts, none of them closed."""
    line = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"From: a@b.example\r\n" + b"".join(line % (n, n) for n in range(depth)) + b"x\r\n" * 100_000


HOSTILE: dict[str, Callable[[], bytes]] = {  # made when used: together they are 150 MB
    "500 open brackets in From": lambda: b"From: " + b"(" * 500 + b"\r\n\r\nx",
    "a million open brackets": lambda: b"From: " + b"(" * 1_000_000 + b"\r\n\r\nx",
    "5,000 nested multiparts": lambda: nested(5000),
    "a million equal boundaries": lambda: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 1_000_000,
    "a subject of 280 kB": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nx",
    "a subject of unclosed words": lambda: b"Subject: " + b"=?utf-8?q?a" * 25_000 + b"\r\n\r\nx",
    "600 kB of the first word of a quote line": lambda: b"\r\n" + b"Op " * 200_000,
    "as many lines of it": lambda: b"\r\n" + b"Op 1 schreef a@b\n" * 50_000,
    "labels without end": lambda: b"\r\n" + b"From: " * 100_000,
    "lines of labels": lambda: b"\r\n" + b"From: a,\nTo: b,\n" + b"c,\n" * 200_000,
    "6 MB in one line": lambda: b"\r\n" + b"x" * 6_000_000,
    "NUL octets": lambda: b"Fr\0om: a\0@b\r\nSubject: \0\r\n\r\n" + b"\0" * 100_000,
    "unclosed HTML attributes": lambda: b"Content-Type: text/html\r\n\r\n" + b'<a x="' * 200_000,
    "unclosed HTML comments": lambda: b"Content-Type: text/html\r\n\r\n" + b"<!--" * 250_000,
    "parameters in open quotes": lambda: b"Content-Type: text/plain" + b'; a="' * 200_000 + b"\r\n\r\nx",
    "a million continuation lines": lambda: b"Subject: x\r\n" + b" y\r\n" * 1_000_000 + b"\r\nx",
    "a bounce of nested parts": lambda: b"From: mailer-daemon@b.example\r\n" + nested(5000),
    "100,000 header lines": lambda: b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\nx",
    "100,000 header lines that are none": lambda: b"From: a@b.example\r\n" + b"rubbish\r\n" * 100_000 + b"\r\nx",
    "100,000 dates": lambda: b"Date: x\r\n" * 100_000 + b"\r\nx",
    "10 MB in one header line": lambda: b"Subject: " + b"x" * 10_000_000 + b"\r\n\r\nx",
    "10 MB of words in one line": lambda: b"\r\n" + b"x " * 5_000_000,
    "6 MB of open angle brackets": lambda: b"\r\n" + b"<" * 6_000_000,
    "the same as HTML": lambda: b"Content-Type: text/html\r\n\r\n" + b"<" * 6_000_000,
    "the same as author": lambda: b"From: " + b"<" * 6_000_000 + b"\r\n\r\nx",
    "6 MB of authors": lambda: b"From: " + b"a@b.example, " * 460_000 + b"\r\n\r\nx",
    "6 MB of authors without commas": lambda: b"From: " + b"a@b.example " * 500_000 + b"\r\n\r\nx",
    "6 MB of lines of authors": lambda: b"\r\n" + b"From: a@b.example\r\n" * 320_000,
    "6 MB of references": lambda: b"References: " + b"<a@b> " * 1_000_000 + b"\r\n\r\nx",
    "a subject of words in two charsets": lambda: (
        b"Subject: " + b"=?utf-8?q?a?= =?latin1?b?YQ==?= " * 10_000 + b"\r\n\r\nx"
    ),
    "a subject of prefixes": lambda: b"Subject: " + b"Re: " * 70_000 + b"\r\n\r\nx",
    "100,000 enclosed mails": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 100_000,
    "100,000 parts": lambda: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "a million lines like a boundary": lambda: b"Content-Type: multipart/mixed\r\n\r\n" + b"--x\r\n" * 1_000_000,
    "600,000 pieces of a parameter": lambda: b"Content-Type: a/b" + b"; a*1=b" * 600_000 + b"\r\n\r\nx",
    "6 MB of a file name": lambda: b"Content-Type: a/b; name=" + b"../" * 2_000_000 + b"\r\n\r\nx",
    "paragraphs without text": lambda: b"Content-Type: text/html\r\n\r\n" + b"<p>" * 2_000_000,
    "quotations in one another": lambda: b"Content-Type: text/html\r\n\r\n" + b"<blockquote>x" * 460_000,
    "three million soft breaks": lambda: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\n" * 3_000_000,
    "uuencode that never begins": lambda: b"\r\n" + b"begin 644 \n" * 500_000,
    "uuencode that never ends": lambda: b"\r\nbegin 644 x\n" + b"M\n" * 3_000_000,
    "signatures in one another": lambda: b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"\x30\x80" * 3_000_000,
}
SLOWEST = 5.0  # seconds of processor time for each


@pytest.fixture(scope="module")
def contained() -> Iterator[ContainedParser]:
    """Returns one parser for the tests that leave it alive."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT)
    yield parser
    parser.close()


def test_it_reads_what_the_parser_in_this_process_reads(contained: ContainedParser) -> None:
    """The separate process gives the same results as the parser in this process."""
    parser = PARSER
    for path in sorted(MAILS.glob("*.eml")):
        assert contained.parse(path.read_bytes()) == parser.parse(path.read_bytes())


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_mail_ends_in_time_and_the_next_is_read(contained: ContainedParser, what: str) -> None:
    """A hostile mail is parsed completely and in linear time: 10 MB take about a second."""
    octets = HOSTILE[what]()
    contained.parse(MAIL)
    assert contained.pid is not None
    limit = TimeLimit(contained.pid, LIMIT)
    message = contained.parse(octets)
    assert within(limit.spent(), SLOWEST)
    assert message.sha256 == hashlib.sha256(octets).hexdigest()
    assert not [defect for defect in message.defects if defect.startswith("parser")]
    assert "\0" not in message.text
    assert contained.parse(MAIL).text == "hello\n"


def test_a_process_that_dies_is_replaced(contained: ContainedParser) -> None:
    """A process killed between two mails is replaced for the next one."""
    assert contained.parse(MAIL).text == "hello\n"
    old = contained.pid
    assert old is not None
    os.kill(old, signal.SIGKILL)
    os.waitid(os.P_PID, old, os.WEXITED | os.WNOWAIT)
    assert contained.parse(MAIL).text == "hello\n"
    assert contained.pid != old


def test_a_mail_over_its_time_comes_back_by_its_header_alone() -> None:
    """A parser that exceeds its time is ended, the mail is read from its header alone, and a new process starts."""
    parser = ContainedParser(shipped("rules"), time_limit=0.5)
    assert parser.parse(MAIL).text == "hello\n"
    old = parser.pid
    assert old is not None
    os.kill(old, signal.SIGSTOP)
    message = parser.parse(MAIL)
    assert message.defects == ("parser ended: over its time limit",)
    assert (message.message_id, message.subject, message.from_) == (
        "a@b.example",
        "caf\u00e9",
        (Address("jan@b.example", "Jan"),),
    )
    assert (message.sha256, message.size, message.text) == (hashlib.sha256(MAIL).hexdigest(), len(MAIL), "")
    assert parser.parse(MAIL).text == "hello\n"
    assert parser.pid != old
    parser.close()


def test_a_mail_that_takes_too_much_memory_ends_the_process_alone() -> None:
    """The memory limit applies in the child; a mail that exceeds it is read from its header alone."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT, memory_limit=120 * 1024 * 1024)
    large = MAIL + b"x" * 150_000_000
    message = parser.parse(large)
    assert message.defects[0].startswith(("parser ended", "parser failed"))
    assert (message.message_id, message.size) == ("a@b.example", len(large))
    assert parser.parse(MAIL).text == "hello\n"
    parser.close()


def test_the_child_has_two_pipes_and_no_environment() -> None:
    """The child inherits no descriptor and no environment of the daemon."""
    with Path("/dev/null").open("rb") as inherited:
        os.set_inheritable(inherited.fileno(), True)  # noqa: FBT003 - the argument has no name
        parser = ContainedParser(shipped("rules"))
        assert parser.parse(MAIL).text == "hello\n"
        process = Path(f"/proc/{parser.pid}")
        assert sorted(int(entry.name) for entry in (process / "fd").iterdir()) == [0, 1, 2]
        names = {entry.partition(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0") if entry}
        assert names == {b"PYTHONPATH", b"PYTHONSAFEPATH"}
        limits = (process / "limits").read_text()
        assert "Max file size             0 " in limits
        assert f"Max address space         {MEMORY_LIMIT} " in limits
        assert "Max cpu time              unlimited" not in limits
        assert "sqlite" not in (process / "maps").read_text()  # no database is reachable there
        parser.close()


def test_closing_ends_the_child_and_may_be_repeated() -> None:
    """close() ends the child and may be repeated; the parser restarts on its next use."""
    parser = ContainedParser(shipped("rules"))
    parser.close()
    assert parser.parse(MAIL).text == "hello\n"
    old = parser.pid
    parser.close()
    parser.close()
    assert parser.pid is None
    assert not Path(f"/proc/{old}").exists()
    assert parser.parse(MAIL).text == "hello\n"
    parser.close()


def test_rules_that_cannot_be_read_are_told_as_a_defect(tmp_path: Path) -> None:
    """If the child cannot start, the mail is read from its header alone, with a defect."""
    parser = ContainedParser(tmp_path)
    message = parser.parse(MAIL)
    assert message.defects == ("parser ended: exit 1",)
    assert message.message_id == "a@b.example"
    parser.close()


def test_several_threads_share_one_child(contained: ContainedParser) -> None:
    """Threads that share one child each get the results of their own mails."""
    found: dict[int, set[tuple[str | None, int, bool]]] = {number: set() for number in range(6)}
    together = threading.Barrier(len(found))

    def read(number: int) -> None:
        mail = b"Subject: %d\r\n\r\n%s" % (number, b"x" * number * 50_000)
        together.wait()
        for _ in range(5):
            message = contained.parse(mail)
            found[number].add((message.subject, len(message.text), "parser" in " ".join(message.defects)))

    threads = [threading.Thread(target=read, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {(str(number), number * 50_000, False)} for number in found}


def test_a_process_with_many_open_files_reads_mail() -> None:
    """Pipes to the child may have numbers beyond 1,024, which select(2) does not take."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    parser = ContainedParser(shipped("rules"))
    try:
        assert max(opened) > 1024
        found = parser.parse(b"From: a@b.example\r\nSubject: Kijk\r\n\r\nZie de bijlage.\r\n")
        assert (found.subject, found.text.strip(), found.defects) == ("Kijk", "Zie de bijlage.", ())
    finally:
        parser.close()
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
