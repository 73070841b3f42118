# SPDX-License-Identifier: EUPL-1.2
"""A token endpoint (RFC 6749, section 3.2) on loopback that answers as the test says and keeps what was asked."""

import json
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

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                form = dict(parse_qsl(octets.decode("ascii")))
                endpoint.forms.append(form)
                status, told = endpoint.answer(form)
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                if status in {302, 307}:
                    self.send_header("Location", endpoint.url + "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Writes nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}/token"
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join(PATIENCE)
