# SPDX-License-Identifier: EUPL-1.2
"""Pagers by apprise, of the extra `pagers`: SMS gateways, Signal, ntfy, Teams, Mattermost, webhooks.

A pager's address is a secret. It is read when it is needed, and whatever goes wrong is told by its kind alone: what a
library says of a fault may hold the address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec

from flaggermail.errors import ConfigurationError
from flaggermail.ports import Paged

TIMEOUT = 20.0  # seconds for a whole call
NOT_INSTALLED = "pagers need the extra `pagers`: pip install 'flaggermail[pagers]'"


def is_installed() -> bool:
    """Whether pagers can be called at all, asked without loading anything."""
    return find_spec("apprise") is not None


class ApprisePager:
    """Implements `ports.Pager`; `secret` gives a reader of the credential of that name."""

    def __init__(self, secret: Callable[[str], Callable[[], str]]) -> None:
        self._secret = secret

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Hand `text` to the service behind `pager`, once. Never raises."""
        try:
            address = self._secret(pager)()
        except ConfigurationError:
            return Paged(taken=False, why=f"credential {pager}: cannot be read")
        if not is_installed():
            return Paged(taken=False, why=NOT_INSTALLED)
        try:
            return _call(address, title, text)
        except Exception as fault:  # noqa: BLE001 - the boundary to a hundred services; their words may hold the address
            return Paged(taken=False, why=type(fault).__name__)


def _call(address: str, title: str, text: str) -> Paged:
    import apprise  # noqa: PLC0415 - a fifth of a second and 20 MB, which no desk without pagers waits for

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # at its lower levels it writes addresses out
    # No redirects: the address is the one that was written down. No plug-ins, no pictures, nothing on disk.
    asset = apprise.AppriseAsset(
        app_id=title, app_desc=title, app_url="", image_url_mask="", image_url_logo="", secure_logging=True,
        async_mode=False, http_redirects=False, storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=TIMEOUT,
    )  # fmt: skip
    services = apprise.Apprise(asset=asset)
    if not services.add(address) or len(services) != 1:
        return Paged(taken=False, why="its credential holds no address of one service that is known")
    if not services.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
        return Paged(taken=False, why="the service did not take it")
    return Paged(taken=True)
