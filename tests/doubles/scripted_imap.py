# SPDX-License-Identifier: EUPL-1.2
"""An IMAP server on loopback that follows a script line by line, for faults that no real server shows on demand."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from tests.doubles.dripping import drip
from tests.patience import PATIENCE

LISTED = ('* LIST () "/" Sent', '* LIST () "/" INBOX')
_PAUSE = 0.05


@dataclass
class Line:
    """The server's end of one connection."""

    sock: socket.socket
    file: BinaryIO
    commands: list[str]

    def say(self, *lines: str) -> None:
        """Sends the lines in one piece, each with its CRLF."""
        self.send("".join(f"{line}\r\n" for line in lines).encode())

    def send(self, octets: bytes) -> None:
        """Sends the octets unchanged."""
        self.sock.sendall(octets)

    def hear(self) -> str:
        """Returns the client's next line, empty if it has left."""
        line = self.file.readline().decode().rstrip("\r\n")
        if line:
            self.commands.append(line)
        return line

    def expect(self, words: str) -> str:
        """Reads the next command, which must contain these words; returns its tag."""
        line = self.hear()
        assert words in line, f"expected {words}, heard {line!r}"
        return line.split(" ")[0]

    def answer(self, words: str, *untagged: str, done: str = "OK done") -> None:
        """Reads a command with these words and sends the untagged lines and the tagged end in one piece."""
        tag = self.expect(words)
        self.say(*untagged, f"{tag} {done}")

    def greet(self, capabilities: str = "IMAP4rev1 IDLE", greeting: str = "OK ready") -> None:
        """Greets the client and sends the capabilities that imaplib requests at once."""
        self.say(f"* {greeting}")
        self.answer("CAPABILITY", f"* CAPABILITY {capabilities}")

    def log_in(self, capabilities: str = "IMAP4rev1 IDLE") -> None:
        """Greets the client and lets it log in."""
        self.greet(capabilities)
        self.answer("LOGIN", f"* CAPABILITY {capabilities}")

    def examine(self, folder: str = "INBOX", *, uidvalidity: int = 1, uidnext: int = 1) -> None:
        """Lets the client select the folder read-only."""
        self.answer(
            f'EXAMINE "{folder}"',
            "* 0 EXISTS",
            f"* OK [UIDVALIDITY {uidvalidity}] valid",
            f"* OK [UIDNEXT {uidnext}] next",
            done="OK [READ-ONLY] examined",
        )

    def look_again(self, above: int, *uids: int) -> None:
        """Lets the client look at the selected folder again and find these UIDs above the last one it knew."""
        self.answer("NOOP")
        self.search_end(above, *uids)

    def search_end(self, above: int, *uids: int) -> None:
        """Works like `look_again` if the last command has already shown the new mail."""
        self.answer(f"SEARCH UID {above + 1}:*", " ".join(("* SEARCH", *map(str, uids))))

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Starts TLS on the connection."""
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")

    def until_closed(self) -> None:
        """Says nothing more until the client leaves, except in reply to LIST and LOGOUT."""
        with suppress(ConnectionResetError):  # it leaves without reading all that was said
            while command := self.hear():
                if " LIST " in command:
                    self.say(*LISTED, f"{command.split(' ')[0]} OK done")
                elif command.endswith(" LOGOUT"):
                    self.say("* BYE", f"{command.split(' ')[0]} OK done")

    def drip(self, piece: str = "x") -> None:
        """Sends the piece again and again until the client leaves, and nothing else."""
        drip(self.sock, piece.encode())

    def pause(self) -> None:
        """Waits so that the data just sent arrives separately: TCP may join what follows."""
        threading.Event().wait(_PAUSE)


Script = Callable[[Line], None]


def greeting_only(capabilities: str = "IMAP4rev1 IDLE", greeting: str = "OK ready") -> Script:
    """Returns the script of a server that greets and then waits for the client to leave."""

    def script(line: Line) -> None:
        line.greet(capabilities, greeting)
        line.until_closed()

    return script


def login_only(line: Line) -> None:
    """Lets the client log in and then waits for it to leave."""
    line.log_in()
    line.until_closed()


@dataclass
class ScriptedImap:
    """Plays one script for each connection, in order; `commands` has all lines received.

    `lasting`: the test may end before the last of them.
    """

    scripts: tuple[Script, ...]
    tls: ssl.SSLContext | None = None
    commands: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    lasting: bool = False

    @contextmanager
    def running(self) -> Iterator[int]:
        """Returns the port; at the end every script must have been played without a fault."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                if self.lasting:
                    listener.shutdown(socket.SHUT_RDWR)
                thread.join(2 * PATIENCE)
        if self.failures:
            raise self.failures[0]

    def _serve(self, listener: socket.socket) -> None:
        try:
            for script in self.scripts:
                self._play(script, listener.accept()[0])
        except (AssertionError, OSError) as failure:
            if not (self.lasting and isinstance(failure, OSError)):
                self.failures.append(failure)

    def _play(self, script: Script, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        line = Line(sock, sock.makefile("rb"), self.commands)
        try:
            if self.tls is not None:
                line.start_tls(self.tls)
            script(line)
        except ssl.SSLError:
            pass  # the client ended the handshake; the test checks why
        finally:
            line.file.close()
            line.sock.close()
            sock.close()
