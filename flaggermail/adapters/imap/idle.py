# SPDX-License-Identifier: EUPL-1.2
"""Waits for new mail with IDLE (RFC 2177; RFC 9051, section 6.3.13), in a loop of our own.

imapclient's `idle_check` misses a notice that came together with the continuation, chokes on one that came before it or
in two pieces, and takes the end of the connection for silence. This loop asks for octets that are here already before
it polls, reads whole lines only, and makes an error of every end. What it tells is a hint all the same: the search that
follows is the truth.

Of imaplib it uses `send` and `readline` (documented as overridable) and its buffer, in `has_octets` alone.
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

from flaggermail.errors import LinkLost
from flaggermail.ports import Interrupt

RENEW_AFTER = 1440.0  # seconds; servers log an inactive client off after 30 minutes (RFC 9051, section 5.4)

_TAG = b"WAIT"  # no tag of imaplib's, which all end in a number
_ARRIVAL = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)  # expunges and flags are no reason to search
_BYE = re.compile(rb"\* BYE\b ?(.*)", re.IGNORECASE)
_DONE = re.compile(rb"%s OK\b" % _TAG, re.IGNORECASE)


def wait_for_notice(imap: imaplib.IMAP4, stop: Interrupt, at_most: float, renew_after: float = RENEW_AFTER) -> None:
    """Return when mail is announced in the selected folder, on `stop`, or after `at_most` seconds.

    IDLE is begun anew every `renew_after` seconds. After `stop` the server is still in IDLE, because its answer to DONE
    might be long in coming: the connection is then good for nothing but to be closed. Raises LinkLost and, from the
    socket (time-outs included), OSError.
    """
    until = time.monotonic() + at_most
    while not stop.is_set():
        seconds = until - time.monotonic()
        if seconds <= 0 or _idle(imap, stop, min(seconds, renew_after)):
            return


def has_octets(imap: imaplib.IMAP4) -> bool:
    """Whether the server has sent something that was not read yet; an end of stream in TLS counts too.

    Never waits. Asks the buffers as well, where a poll of the socket sees nothing.
    """
    buffered = getattr(imap, "_readbuf", None)
    if buffered is not None:  # Python 3.14 and later: imaplib buffers by itself
        return bool(buffered) or (isinstance(imap.sock, ssl.SSLSocket) and imap.sock.pending() > 0)
    with _without_waiting(imap):
        try:
            waiting = isinstance(imap.file, io.BufferedReader) and bool(imap.file.peek(1))
        except ssl.SSLWantReadError:  # nothing, or records without content for us such as a session ticket
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
    """One IDLE, `seconds` long at most; answers whether mail was announced, before, during or at the end of it."""
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
    """Wait until a line begins; False on `stop` and when the time is over."""
    poll = select.poll()
    poll.register(imap.sock, select.POLLIN)
    poll.register(stop, select.POLLIN)
    while not has_octets(imap):
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, until - time.monotonic()) * 1000)}
        if not ready or stop.is_set():
            return False
        # In TLS the socket is readable for records without content too, so ask again.
        if not isinstance(imap.sock, ssl.SSLSocket):
            return True
    return True


def _line(imap: imaplib.IMAP4) -> bytes:
    """The next whole line; waits for it as long as the socket's time-out says."""
    line = imap.readline()
    if not line.endswith(b"\r\n"):
        raise LinkLost("the server closed the connection")
    if bye := _BYE.match(line):
        raise LinkLost(f"the server says goodbye: {_text(bye[1])}")
    return line


def _text(line: bytes) -> str:
    """What the server says, fit for a log line."""
    text = line.decode("ascii", "replace").strip()
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
