# SPDX-License-Identifier: EUPL-1.2
"""Whether a server is on this machine: only there may a password cross the line in clear text."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine (RFC 6761, section 6.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
