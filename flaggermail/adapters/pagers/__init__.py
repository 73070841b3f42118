# SPDX-License-Identifier: EUPL-1.2
"""Pagers of officers.

Entry point: `apprise_pager.ApprisePager`. A new kind of pager is a URL supported by apprise, or a module here.

May import: `ports`, `errors`.
"""
