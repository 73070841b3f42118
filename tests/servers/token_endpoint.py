# SPDX-License-Identifier: EUPL-1.2
"""A token endpoint (RFC 6749, section 3.2) on loopback that answers as the test says and keeps what was asked."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

from tests.patience import PATIENCE

Answer = tuple[int, Mapping[str, object] | bytes]
"""The HTTP status, and the document or the octets of the body."""


def grants(value: str, **more: object) -> Answer:
    """Returns the answer that gives a token for an hour, or as `more` says."""
    return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": value, **more}


def refuses(code: str, status: int = 400, description: str = "") -> Answer:
    """Returns an error (RFC 6749, section 5.2)."""
    return status, {"error": code, "error_description": description}


class QuietHandler(BaseHTTPRequestHandler):
    """Answers requests, and logs none."""

    def form(self) -> dict[str, str]:
        """Returns the form that was sent."""
        return dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")))

    def say(self, answer: Answer, **headers: str) -> None:
        """Answers."""
        status, told = answer
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@contextmanager
def listening(handler: type[QuietHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Listens on a port of 127.0.0.1, which it yields, until the end; with a context, over TLS."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(PATIENCE)


@dataclass
class TokenEndpoint:
    """`answer` makes the answer to a form; `forms` has every form that was sent."""

    answer: Callable[[Mapping[str, str]], Answer]
    forms: list[Mapping[str, str]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["TokenEndpoint"]:
        """Listens on a port of 127.0.0.1 until the end."""
        endpoint = self

        class Handler(QuietHandler, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint.forms.append(self.form())
                answer = endpoint.answer(endpoint.forms[-1])
                elsewhere = {"Location": endpoint.url + "/elsewhere"} if answer[0] in {302, 307} else {}
                self.say(answer, **elsewhere)

        with listening(Handler) as port:
            self.url = f"http://127.0.0.1:{port}/token"
            yield self
