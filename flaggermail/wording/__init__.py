# SPDX-License-Identifier: EUPL-1.2
"""What the program says about itself, by code: refusals, reasons, evidence, clues, alarms, reports.

`said` says how: `CommandRefusal.CASE_CLOSED_ALREADY(case=number)` is what is raised or stored, and its `StoredText`
gives the words in a language.
The enumerations hold the codes; a folder for each language holds the words by code, and its locale.toml how it
writes numbers and days. The words of mail templates are in `config/templates`.

Imports only the standard library.
"""

from __future__ import annotations
