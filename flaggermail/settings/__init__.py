# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen settings, checked as a whole before anything starts.

Entry points: `reading.load` reads a configuration directory, `model.Settings` is the result, `checks` finds faults,
`advice` warns of settings that are valid but probably not intended.

May import: `rules`, `notifications`, `oncall`, `yaml_files`, `mail`, `record`, `errors`.
"""
