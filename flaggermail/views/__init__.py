# SPDX-License-Identifier: EUPL-1.2
"""The views: what the desk shows, one JSON document each; one module per noun.

Entry point: `VIEWS`, the name of each view and the module that holds it, imported when it is asked for. A view is a
frozen value, as a command is; it changes nothing.

May import: `rule_changes`, `intake` and every room below them.
"""

from __future__ import annotations

VIEWS: dict[str, str] = {  # name of the view -> module and class
    "desk": "flaggermail.views.officer:ShowDesk",
    "officer enrolment": "flaggermail.views.officer:ShowEnrolment",
    "officer list": "flaggermail.views.officer:ListOfficers",
    "oncall handover": "flaggermail.views.oncall:ShowHandover",
    "oncall held": "flaggermail.views.oncall:ListHeldBack",
    "oncall next": "flaggermail.views.oncall:ShowNext",
    "oncall now": "flaggermail.views.oncall:ShowNow",
    "oncall page": "flaggermail.views.oncall:TryPagers",
    "oncall pages": "flaggermail.views.oncall:ListPages",
    "outbox list": "flaggermail.views.outbox:ListOutbox",
    "outbox show": "flaggermail.views.outbox:ShowMail",
    "rules compare": "flaggermail.views.rules:CompareRules",
    "rules test": "flaggermail.views.rules:ExplainMail",
}
