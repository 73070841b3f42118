# SPDX-License-Identifier: EUPL-1.2
"""Rules that say what a mail means: their conditions, their files, their samples, and whether they are sound.

Ways in: `classifier.classify` and `classifier.explain` judge a mail, `files` reads `rules/*.yaml`,
`rulebook.check` holds a rule set to its samples.

May import: `mail`, `record`, `yaml_files`, `ports`.
"""
