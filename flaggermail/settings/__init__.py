# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen settings, checked as a whole before anything starts.

Entry points: `reading.load` reads a configuration directory, `model.Settings` is the result, `checks` finds faults,
`advice` finds mistakes in settings that are valid, and `mistakes` lists all that `check` knows.

May import: `rules`, `notifications`, `oncall`, `mail`, `record`, `errors`.
"""
