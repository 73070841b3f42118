# SPDX-License-Identifier: EUPL-1.2
"""Citizens' reports: declined once a period, listed, reversible, and forgotten after the review window.

Ways in: `criteria` says what speaks against declining without a person, `declining` answers, `retention` forgets.

May import: `notices` and every room below it.
"""
