# SPDX-License-Identifier: EUPL-1.2
"""Requests over HTTP to one configured address: no redirect, and one deadline from the look-up of its name on."""

from __future__ import annotations

import http.client
import ssl
import urllib.request
from functools import partial
from typing import TYPE_CHECKING

from flaggermail.adapters.web import BoundedTls, Deadline, connect

if TYPE_CHECKING:
    from collections.abc import Mapping


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: only the configured address is called, and no other gets what is sent there."""

    def redirect_request(self, *_: object) -> None:
        """Returns None, so that urllib treats the redirect as an error."""
        return


def opener(deadline: Deadline, proxies: Mapping[str, str] | None = None) -> urllib.request.OpenerDirector:
    """Returns what opens addresses before the deadline; `proxies` by scheme, None for those of the environment."""
    through = urllib.request.ProxyHandler(None if proxies is None else dict(proxies))
    return urllib.request.build_opener(_NoRedirects(), through, _Http(deadline), _Https(deadline))


class _PlainConnection(http.client.HTTPConnection):
    """In clear text, under a deadline."""

    def __init__(self, host: str, *, deadline: Deadline, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._create_connection = lambda address, *_: connect(address[0], address[1], deadline)


class _TlsConnection(http.client.HTTPSConnection):
    """Over TLS, under a deadline."""

    def __init__(self, host: str, *, deadline: Deadline, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=timeout, context=context)
        self._deadline = deadline
        self._create_connection = lambda address, *_: connect(address[0], address[1], deadline)

    def connect(self) -> None:
        """Connects, also through a proxy, and starts TLS."""
        super().connect()
        if isinstance(self.sock, BoundedTls):
            self.sock.deadline = self._deadline


class _Http(urllib.request.HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_PlainConnection, deadline=self._deadline), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        context.sslsocket_class = BoundedTls
        return self.do_open(partial(_TlsConnection, deadline=self._deadline, context=context), req)
