# SPDX-License-Identifier: EUPL-1.2
"""What speaks to servers, files and databases, one folder a subject. Only `wiring` imports them.

Way in: the Protocols of `ports`, which these classes implement.

May import: every room's pure modules, `ports`, `errors`.
"""
