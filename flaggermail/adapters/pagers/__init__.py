# SPDX-License-Identifier: EUPL-1.2
"""Pagers of officers.

Way in: `apprise_pager.ApprisePager`. A new kind of pager is a URL that apprise knows, or a module here.

May import: `ports`, `errors`.
"""
