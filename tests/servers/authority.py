# SPDX-License-Identifier: EUPL-1.2
"""An authority of Entra, and any other token endpoint that speaks TLS, on loopback; keeps what was asked."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.servers.token_endpoint import Answer, QuietHandler, listening

TENANT = "00000000-1111-2222-3333-444444444444"


@dataclass
class Authority:
    """`answer` makes the answer to a form; `asked` has every path, `headers` those of the last request for a token.

    `token_address` is what its description names; by default its own address.
    """

    answer: Callable[[Mapping[str, str]], Answer]
    token_address: str = ""
    described: Answer | None = None  # the answer to a request for the description, in place of the usual one
    forms: list[Mapping[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"{self.origin}/{TENANT}"

    @property
    def description(self) -> Answer:
        """What it says of itself (OpenID Connect Discovery 1.0, section 4)."""
        if self.described is not None:
            return self.described
        token = self.token_address or f"{self.url}/oauth2/v2.0/token"
        return 200, {
            "issuer": f"{self.url}/v2.0", "token_endpoint": token, "authorization_endpoint": f"{self.url}/authorize",
        }  # fmt: skip

    @contextmanager
    def running(self, context: ssl.SSLContext) -> Iterator["Authority"]:
        """Listens on a port of localhost until the end."""
        authority = self

        class Answering(QuietHandler, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authority.asked.append(self.path)
                self.say(authority.description)

            def do_POST(self) -> None:
                authority.asked.append(self.path)
                authority.headers = dict(self.headers)
                authority.forms.append(self.form())
                self.say(authority.answer(authority.forms[-1]))

        with listening(Answering, context) as port:
            self.origin = f"https://localhost:{port}"
            yield self
