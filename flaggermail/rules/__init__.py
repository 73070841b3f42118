# SPDX-License-Identifier: EUPL-1.2
"""The rules that classify mail: conditions, rule files, sample mails, and checks of the rules themselves.

Entry points: `classifier.classify` and `classifier.explain` apply the rules to a mail, `files` reads `rules/*.yaml`,
`rulebook.check` tests a rule set against its sample mails.

`configuration.load` reads the whole configuration of a desk: its settings, and these.

`draft_policy.faults` says what a draft to a platform must and must not say, by the patterns of `rules/drafts.yaml`.

May import: `settings`, `ports` and every room below them.
"""
