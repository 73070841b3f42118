# SPDX-License-Identifier: EUPL-1.2
"""Citizens' reports: declined once a period, listed, reversible, and erased after the retention period.

Entry points: `criteria` finds objections to an automatic decline, `declining` answers, `retention` erases.

May import: `notices` and every room below it.
"""
