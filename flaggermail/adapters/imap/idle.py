# SPDX-License-Identifier: EUPL-1.2
"""Waits for new mail with IDLE (RFC 2177; RFC 9051, section 6.3.13).

imapclient's `idle_check` misses a notice that arrives together with the continuation request, fails on one that arrives
before it or in two pieces, and takes the end of the connection for silence. This loop checks for buffered octets before
it polls, reads whole lines only, and raises an error at every end of the connection. A notice is only a hint: the
caller searches the folder afterwards.

It uses imaplib's `send` and `readline` (documented as overridable) and, in `has_octets` only, its buffer.
"""

from __future__ import annotations

import imaplib
import io
import re
import select
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flaggermail.adapters.web import deadline_of
from flaggermail.errors import LinkLost
from flaggermail.ports import Interrupt

RENEW_AFTER = 1440.0  # seconds; servers log an inactive client off after 30 minutes (RFC 9051, section 5.4)

_TAG = b"WAIT"  # differs from imaplib's tags, which all end in a number
_ARRIVAL = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)  # expunges and flag changes need no search
_BYE = re.compile(rb"\* BYE\b ?(.*)", re.IGNORECASE)
_DONE = re.compile(rb"%s OK\b" % _TAG, re.IGNORECASE)


def wait_for_notice(imap: imaplib.IMAP4, stop: Interrupt, at_most: float, renew_after: float = RENEW_AFTER) -> None:
    """Waits until mail is announced in the selected folder, until `stop` is set, or for `at_most` seconds.

    IDLE is restarted every `renew_after` seconds. After `stop` the server is still in IDLE, because its answer to DONE
    might take long: the connection can then only be closed. Raises LinkLost and, from the socket (timeouts included),
    OSError.
    """
    until = time.monotonic() + at_most
    while not stop.is_set():
        seconds = until - time.monotonic()
        if seconds <= 0 or _idle(imap, stop, min(seconds, renew_after)):
            return


def has_octets(imap: imaplib.IMAP4) -> bool:
    """True if the server has sent octets that were not read yet, or, over TLS, has closed the stream.

    Never blocks. Checks the buffers too, whose octets a poll of the socket does not see.
    """
    buffered = getattr(imap, "_readbuf", None)
    if buffered is not None:  # Python 3.14 and later: imaplib has its own buffer
        return bool(buffered) or (isinstance(imap.sock, ssl.SSLSocket) and imap.sock.pending() > 0)
    with _without_waiting(imap):
        try:
            waiting = isinstance(imap.file, io.BufferedReader) and bool(imap.file.peek(1))
        except ssl.SSLWantReadError:  # no application data: nothing, or records such as a session ticket
            return False
    return waiting or isinstance(imap.sock, ssl.SSLSocket)


@contextmanager
def _without_waiting(imap: imaplib.IMAP4) -> Iterator[None]:
    usual = imap.sock.gettimeout()
    imap.sock.settimeout(0)
    try:
        yield
    finally:
        imap.sock.settimeout(usual)


def _idle(imap: imaplib.IMAP4, stop: Interrupt, seconds: float) -> bool:
    """Runs one IDLE of at most `seconds`; returns True if mail was announced before, during or after it."""
    arrived = _begin(imap) or _listen(imap, stop, time.monotonic() + seconds)
    return arrived if stop.is_set() else _end(imap) or arrived


def _begin(imap: imaplib.IMAP4) -> bool:
    imap.send(_TAG + b" IDLE\r\n")
    arrived = False
    while not (line := _line(imap)).startswith(b"+"):
        if line.startswith(_TAG):
            raise LinkLost(f"the server refuses IDLE: {_text(line)}")
        arrived = arrived or bool(_ARRIVAL.match(line))
    return arrived


def _listen(imap: imaplib.IMAP4, stop: Interrupt, until: float) -> bool:
    while _readable(imap, stop, until):
        _begin_answer(imap)
        if _ARRIVAL.match(_line(imap)):
            return True
    return False


def _end(imap: imaplib.IMAP4) -> bool:
    imap.send(b"DONE\r\n")
    arrived = False
    while not (line := _line(imap)).startswith(_TAG):
        arrived = arrived or bool(_ARRIVAL.match(line))
    if not _DONE.match(line):
        raise LinkLost(f"the server does not end IDLE: {_text(line)}")
    return arrived


def _readable(imap: imaplib.IMAP4, stop: Interrupt, until: float) -> bool:
    """Waits until a line starts to arrive; returns False on `stop` or at the deadline."""
    poll = select.poll()
    poll.register(imap.sock, select.POLLIN)
    poll.register(stop, select.POLLIN)
    while not has_octets(imap):
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, until - time.monotonic()) * 1000)}
        if not ready or stop.is_set():
            return False
        # Over TLS the socket is also readable for records without application data, so check again.
        if not isinstance(imap.sock, ssl.SSLSocket):
            return True
    return True


def _begin_answer(imap: imaplib.IMAP4) -> None:
    """Counts the time for a line from now on: the server was silent as long as it liked."""
    if (deadline := deadline_of(imap.sock)) is not None:
        deadline.restart()


def _line(imap: imaplib.IMAP4) -> bytes:
    """Returns the next whole line; waits up to the deadline of the connection."""
    line = imap.readline()
    if not line.endswith(b"\r\n"):
        raise LinkLost("the server closed the connection")
    if bye := _BYE.match(line):
        raise LinkLost(f"the server says goodbye: {_text(bye[1])}")
    return line


def _text(line: bytes) -> str:
    """Returns the server's text in a form fit for a log line."""
    text = line.decode("ascii", "replace").strip()
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
