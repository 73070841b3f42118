# SPDX-License-Identifier: EUPL-1.2
"""The views: what the desk shows, one JSON document each; one module per noun.

Entry point: `VIEWS`, the name of each view and the module that holds it, imported when it is asked for. A view is a
frozen value, as a command is; it changes nothing.

May import: `rule_changes`, `intake` and every room below them.
"""

from __future__ import annotations

VIEWS: dict[str, str] = {  # name of the view -> module and class
    "annex files": "flaggermail.views.annex:MakeAnnexFiles",
    "annex form": "flaggermail.views.annex:ShowAnnexForm",
    "annex form read": "flaggermail.views.annex:FilledAnnexForm",
    "annex list": "flaggermail.views.annex:ListAnnexes",
    "annex show": "flaggermail.views.annex:ShowAnnex",
    "archive dossier": "flaggermail.views.dossier:PlanDossier",
    "archive dossier part": "flaggermail.views.dossier:ShowDossierPart",
    "archive find": "flaggermail.views.archive:FindInArchive",
    "archive retention": "flaggermail.views.retention:ShowRetention",
    "archive verify": "flaggermail.views.archive:VerifyArchive",
    "case account": "flaggermail.views.account:ShowAccount",
    "case form read": "flaggermail.views.case_form:FilledForm",
    "case form": "flaggermail.views.case_form:CaseForm",
    "case list": "flaggermail.views.case_list:ListCases",
    "case show": "flaggermail.views.case:ShowCase",
    "case text": "flaggermail.views.notification:NotificationText",
    "channel list": "flaggermail.views.channel:ListChannels",
    "declined list": "flaggermail.views.message:ListDeclined",
    "election list": "flaggermail.views.election:ListElections",
    "exercise debrief": "flaggermail.views.exercise:ShowDebrief",
    "events": "flaggermail.views.event:ListEvents",
    "latency": "flaggermail.views.latency:ShowLatency",
    "latency page": "flaggermail.views.latency:ShowLatencyPage",
    "latency picture": "flaggermail.views.latency:DrawLatency",
    "message list": "flaggermail.views.message:ListMessages",
    "message octets": "flaggermail.views.message:MessageOctets",
    "message sample": "flaggermail.views.message:SampleMessage",
    "message show": "flaggermail.views.message:ShowMessage",
    "notify preview": "flaggermail.views.notification:PreviewNotification",
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
    "quarantine list": "flaggermail.views.message:ListQuarantine",
    "readiness": "flaggermail.views.readiness:ShowReadiness",
    "referrer list": "flaggermail.views.referrer:ListReferrers",
    "report changes": "flaggermail.views.report:ShowReportChanges",
    "report document": "flaggermail.views.report:MakeReport",
    "report form": "flaggermail.views.report:ShowReportForm",
    "report uses": "flaggermail.views.report_uses:ShowUses",
    "report verify": "flaggermail.views.report_verify:VerifyReport",
    "rules compare": "flaggermail.views.rules:CompareRules",
    "rules test": "flaggermail.views.rules:ExplainMail",
}
