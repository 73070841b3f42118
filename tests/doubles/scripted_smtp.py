# SPDX-License-Identifier: EUPL-1.2
"""An SMTP server that follows a script, faults included, and keeps every octet it receives."""

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from threading import Thread
from typing import BinaryIO

from tests.doubles.dripping import drip
from tests.patience import PATIENCE


class Fault(Enum):
    """A fault in a script, in place of a reply."""

    HANG = "stay silent until the client leaves"
    DRIP = "send a word every now and then, and never the end of the line"
    DRIP_LINES = "send one line after the other of a reply that never ends"
    DROP = "end the connection"
    DROP_WITHIN = "say 354, take a part of what comes, end the connection"


Reply = str | Fault

_USUAL: Mapping[str, Reply] = {
    "greeting": "220 submission.example ESMTP",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    ".": "250 2.0.0 queued as 4711",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class _ConversationOverError(Exception):
    """The conversation is over, by the script or because the client has left."""


@dataclass
class ScriptedSmtp:
    """`replies` replaces the usual reply to a verb, to "greeting", to "." or to one recipient ("RCPT a@b.example").

    `offers` are the extensions in clear text, `offers_in_tls` those after STARTTLS or under implicit TLS.
    """

    replies: Mapping[str, Reply] = field(default_factory=dict)
    offers: tuple[str, ...] = ()
    offers_in_tls: tuple[str, ...] = ("AUTH PLAIN LOGIN",)
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    port: int = 0
    commands: list[str] = field(default_factory=list)
    """Every command line of every connection."""
    wire: list[bytes] = field(default_factory=list)
    """The octets after 354 of each message, with dots still doubled and the final line with its dot."""

    @contextmanager
    def running(self) -> Iterator["ScriptedSmtp"]:
        """Listens on a port of 127.0.0.1 and serves one connection after the other."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            server = Thread(target=self._serve, args=(listener,), daemon=True)
            server.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                server.join(PATIENCE)
                assert not server.is_alive()

    def verbs(self) -> list[str]:
        """Returns the first word of each command."""
        return [command.split()[0].upper() for command in self.commands if command]

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # running() has ended
                return
            with ExitStack() as closing, suppress(_ConversationOverError, OSError):
                closing.callback(connection.close)
                if self.implicit_tls:
                    connection = self._protected(connection, closing)
                self._converse(connection, closing)

    def _protected(self, connection: socket.socket, closing: ExitStack) -> socket.socket:
        """Starts TLS if the script has a certificate for it."""
        if self.tls is None:
            return connection
        protected = self.tls.wrap_socket(connection, server_side=True)
        closing.callback(protected.close)
        return protected

    def _converse(self, connection: socket.socket, closing: ExitStack) -> None:
        lines = closing.enter_context(connection.makefile("rb"))
        self._say(connection, lines, "greeting")
        while line := lines.readline():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(command)
            verb = command.split(" ")[0].upper()
            match verb:
                case "EHLO":
                    self._greet(connection, lines)
                case "STARTTLS":
                    if self._say(connection, lines, verb).startswith("220"):
                        connection = self._protected(connection, closing)
                        lines = closing.enter_context(connection.makefile("rb"))
                case "RCPT":
                    address = command.partition("<")[2].partition(">")[0]
                    self._say(connection, lines, f"RCPT {address}" if f"RCPT {address}" in self.replies else verb)
                case "DATA":
                    self._take(connection, lines)
                case "QUIT":
                    self._say(connection, lines, verb)
                    raise _ConversationOverError
                case _:
                    self._say(connection, lines, verb)

    def _greet(self, connection: socket.socket, lines: BinaryIO) -> None:
        if "EHLO" in self.replies:
            self._say(connection, lines, "EHLO")
            return
        offers = self.offers_in_tls if isinstance(connection, ssl.SSLSocket) else self.offers
        names = ["submission.example", *offers]
        shown = [f"250{' ' if name is names[-1] else '-'}{name}\r\n" for name in names]
        connection.sendall("".join(shown).encode())

    def _take(self, connection: socket.socket, lines: BinaryIO) -> None:
        if self.replies.get("DATA") is Fault.DROP_WITHIN:
            connection.sendall(b"354 go ahead\r\n")
            lines.read(1 << 16)
            # Reset instead of an orderly close: anything the client still sends gives an error at once.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            lines.close()
            raise _ConversationOverError
        if not self._say(connection, lines, "DATA").startswith("354"):
            return
        octets = bytearray()
        while line := lines.readline():
            octets += line
            if line == b".\r\n":
                break
        self.wire.append(bytes(octets))
        self._say(connection, lines, ".")

    def _say(self, connection: socket.socket, lines: BinaryIO, step: str) -> str:
        """Sends the reply to this step, or does what the script demands instead."""
        reply = self.replies.get(step) or _USUAL.get(step, "502 5.5.1 not in the script")
        if reply is Fault.HANG:
            lines.read()
        if reply is Fault.DRIP:
            drip(connection, b"2")
        if reply is Fault.DRIP_LINES:
            drip(connection, b"250-more\r\n")
        if isinstance(reply, Fault):
            raise _ConversationOverError
        connection.sendall(reply.encode("utf-8", "surrogateescape") + b"\r\n")
        return reply
