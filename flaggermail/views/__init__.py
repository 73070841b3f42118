# SPDX-License-Identifier: EUPL-1.2
"""The views: what the desk shows, one JSON document each; one module per noun.

Entry point: `VIEWS`, the name of each view and the module that holds it, imported when it is asked for. A view is a
frozen value, as a command is; it changes nothing.

May import: `rule_changes`, `intake` and every room below them.
"""

from __future__ import annotations

VIEWS: dict[str, str] = {  # name of the view -> module and class
    "case form": "flaggermail.views.case_form:CaseForm",
    "case form read": "flaggermail.views.case_form:FilledForm",
    "case list": "flaggermail.views.case:ListCases",
    "case show": "flaggermail.views.case:ShowCase",
    "case text": "flaggermail.views.notification:NotificationText",
    "channel list": "flaggermail.views.channel:ListChannels",
    "declined list": "flaggermail.views.message:ListDeclined",
    "election list": "flaggermail.views.election:ListElections",
    "message list": "flaggermail.views.message:ListMessages",
    "message sample": "flaggermail.views.message:SampleMessage",
    "message show": "flaggermail.views.message:ShowMessage",
    "notify octets": "flaggermail.views.notification:NotificationOctets",
    "outbox list": "flaggermail.views.outbox:ListOutbox",
    "outbox show": "flaggermail.views.outbox:ShowMail",
    "quarantine list": "flaggermail.views.message:ListQuarantine",
}
