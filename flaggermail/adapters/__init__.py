# SPDX-License-Identifier: EUPL-1.2
"""Implementations of the ports: servers, files and databases, one folder per subject. Only `wiring` imports them.

Entry point: the Protocols of `ports`, which these classes implement.

May import: every room's pure modules, `ports`, `errors`.
"""
