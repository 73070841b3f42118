# SPDX-License-Identifier: EUPL-1.2
"""The views: what the desk shows, one JSON document each; one module per noun.

Entry point: `VIEWS`, the name of each view and the module that holds it, imported when it is asked for. A view is a
frozen value, as a command is; it changes nothing.

May import: `rule_changes`, `intake` and every room below them.
"""

from __future__ import annotations

VIEWS: dict[str, str] = {  # name of the view -> module and class
    "outbox list": "flaggermail.views.outbox:ListOutbox",
    "outbox show": "flaggermail.views.outbox:ShowMail",
}
