# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen settings, checked as a whole before anything starts.

Entry points: `reading.read` reads a configuration directory, `model.Settings` is the result, `checks` finds faults,
`mistakes` lists all that `check` knows. `rota` holds the officers, their shifts and the steps of a reminder policy;
`yaml_files` loads YAML as frozen models whose values keep their places. `rules.configuration.load` adds the rules.

May import: `mail`, `record`, `documents`, `errors`; no room that reads settings.
"""
