# SPDX-License-Identifier: EUPL-1.2
"""Whether a server is on this machine; only then may a password be sent in clear text."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """True if traffic to `host` stays on this machine (RFC 6761, section 6.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
