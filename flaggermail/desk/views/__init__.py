# SPDX-License-Identifier: EUPL-1.2
"""The views: what the desk shows, one JSON document each; one module per noun.

Entry point: `VIEWS`, the name of each view and the module that holds it, imported when it is asked for. A view is a
frozen value, as a command is; it changes nothing. `READS` says which of them shows a case, draft or mail.

May import: `rule_changes`, `intake` and every room below them.
"""

from __future__ import annotations

VIEWS: dict[str, str] = {  # name of the view -> module and class
    "annex files": "flaggermail.desk.views.annex:MakeAnnexFiles",
    "annex form": "flaggermail.desk.views.annex:ShowAnnexForm",
    "annex form read": "flaggermail.desk.views.annex:FilledAnnexForm",
    "annex list": "flaggermail.desk.views.annex_list:ListAnnexes",
    "annex show": "flaggermail.desk.views.annex:ShowAnnex",
    "archive dossier": "flaggermail.desk.views.dossier:PlanDossier",
    "archive dossier part": "flaggermail.desk.views.dossier:ShowDossierPart",
    "archive find": "flaggermail.desk.views.archive_find:FindInArchive",
    "archive retention": "flaggermail.desk.views.retention:ShowRetention",
    "archive retention lines": "flaggermail.desk.views.retention:ListRetention",
    "archive verify": "flaggermail.desk.views.archive:VerifyArchive",
    "case account": "flaggermail.desk.views.account:ShowAccount",
    "case form read": "flaggermail.desk.views.case_form:FilledForm",
    "case form": "flaggermail.desk.views.case_form:CaseForm",
    "case list": "flaggermail.desk.views.case_list:ListCases",
    "case readers": "flaggermail.desk.views.readers:ListReaders",
    "case show": "flaggermail.desk.views.case:ShowCase",
    "case text": "flaggermail.desk.views.notification:NotificationText",
    "channel list": "flaggermail.desk.views.lists:ListChannels",
    "complete": "flaggermail.desk.views.completion:CompleteWords",
    "declined list": "flaggermail.desk.views.message_lists:ListDeclined",
    "election list": "flaggermail.desk.views.lists:ListElections",
    "exercise debrief": "flaggermail.desk.views.exercise:ShowDebrief",
    "events": "flaggermail.desk.views.events:ListEvents",
    "latency": "flaggermail.desk.views.latency:ShowLatency",
    "latency page": "flaggermail.desk.views.latency:ShowLatencyPage",
    "latency picture": "flaggermail.desk.views.latency:DrawLatency",
    "message list": "flaggermail.desk.views.message_lists:ListMessages",
    "message octets": "flaggermail.desk.views.message:MessageOctets",
    "message sample": "flaggermail.desk.views.message:SampleMessage",
    "message show": "flaggermail.desk.views.message:ShowMessage",
    "notify preview": "flaggermail.desk.views.notification:PreviewNotification",
    "officer enrolment": "flaggermail.desk.views.lists:ShowEnrolment",
    "officer list": "flaggermail.desk.views.lists:ListOfficers",
    "oncall handover": "flaggermail.desk.views.handover:ShowHandover",
    "oncall held": "flaggermail.desk.views.oncall:ListHeldBack",
    "oncall next": "flaggermail.desk.views.oncall:ShowNext",
    "oncall now": "flaggermail.desk.views.oncall:ShowNow",
    "oncall pages": "flaggermail.desk.views.oncall:ListPages",
    "outbox list": "flaggermail.desk.views.outbox_list:ListOutbox",
    "outbox show": "flaggermail.desk.views.notification:ShowMail",
    "quarantine list": "flaggermail.desk.views.message_lists:ListQuarantine",
    "readiness": "flaggermail.desk.views.readiness:ShowReadiness",
    "referrer list": "flaggermail.desk.views.lists:ListReferrers",
    "report changes": "flaggermail.desk.views.report:ShowReportChanges",
    "report document": "flaggermail.desk.views.report:MakeReport",
    "report form": "flaggermail.desk.views.report:ShowReportForm",
    "report uses": "flaggermail.desk.views.latency:ShowUses",
    "report verify": "flaggermail.desk.views.report_verify:VerifyReport",
    "rules compare": "flaggermail.desk.views.rules:CompareRules",
    "rules test": "flaggermail.desk.views.rules:ExplainMail",
    "tonight": "flaggermail.desk.views.tonight:ShowTonight",
}
READS: dict[str, str] = {  # name of a view that shows a case, draft or mail -> its field that names it
    "annex files": "annex",
    "annex form": "annex",
    "annex form read": "annex",
    "annex show": "annex",
    "case account": "case",
    "case form": "case",
    "case readers": "case",
    "case show": "case",
    "case text": "draft",
    "events": "case",  # without one: the cases of the events that are shown
    "message octets": "message",
    "message sample": "message",
    "message show": "message",
    "notify preview": "case",
    "outbox show": "mail",
    "rules test": "message",
}
