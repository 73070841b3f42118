# SPDX-License-Identifier: EUPL-1.2
"""Pagers through apprise, from the extra `pagers`: SMS gateways, Signal, ntfy, Teams, Mattermost, webhooks.

A pager's address is a secret. It is read when needed, and of a library's error only the type is reported, because its
text may contain the address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from flaggermail.adapters.web import in_time
from flaggermail.errors import ConfigurationError
from flaggermail.ports import Paged
from flaggermail.wording.alarms import PageFailure
from flaggermail.wording.said import as_written

TIMEOUT = 20.0  # seconds for one page, whatever the service does meanwhile
NOT_INSTALLED = PageFailure.NOT_INSTALLED()


def is_installed() -> bool:
    """True if apprise is installed; does not import it."""
    return find_spec("apprise") is not None


class ApprisePager:
    """Implements `ports.Pager`; `secret` returns a reader of the credential with the given name."""

    def __init__(self, secret: Callable[[str], Callable[[], str]], seconds: float = TIMEOUT) -> None:
        self._secret, self._seconds = secret, seconds

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Sends `text` once through the service configured for `pager`. Never raises."""
        try:
            address = self._secret(pager)()
        except ConfigurationError:
            return Paged(taken=False, why=PageFailure.CREDENTIAL(pager=pager))
        if not is_installed():
            return Paged(taken=False, why=NOT_INSTALLED)
        try:
            return in_time(partial(_call, address, title, text), self._seconds)
        except Exception as fault:  # noqa: BLE001 - boundary to many services; texts may contain the address
            return Paged(taken=False, why=as_written(type(fault).__name__))


def _call(address: str, title: str, text: str) -> Paged:
    import apprise  # noqa: PLC0415 - takes 200 ms and 20 MB, which a desk without pagers need not spend

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # at lower levels it logs addresses
    # No redirects: only the configured address is called. No plug-ins, no images, nothing stored on disk. No time limit
    # of the library's own: it would leave a worker of its few with each service that drips.
    asset = apprise.AppriseAsset(
        app_id=title, app_desc=title, app_url="", image_url_mask="", image_url_logo="", secure_logging=True,
        async_mode=False, http_redirects=False, storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=0,
    )  # fmt: skip
    services = apprise.Apprise(asset=asset)
    if not services.add(address) or len(services) != 1:
        return Paged(taken=False, why=PageFailure.NO_ADDRESS())
    if not services.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
        return Paged(taken=False, why=PageFailure.NOT_TAKEN())
    return Paged(taken=True)
