# SPDX-License-Identifier: EUPL-1.2
"""What a dossier says in its MDTO metadata and only the organisation knows: `dossier` in `flaggermail.yaml`.

The values are in Dutch, the language of the standard. `nog te bepalen` says honestly that nobody decided yet.
Waardering, bewaartermijn and informatiecategorie are those of the classes in `retention`.
"""

from __future__ import annotations

from flaggermail.settings.yaml_files.kinds import Model, Text

UNDECIDED = "nog te bepalen"


class ConceptSettings(Model):
    """An entry of a list of concepts: its label, its code, and the list that it is from."""

    label: Text
    code: Text | None = None
    origin: Text


class CreatorSettings(Model):
    """The organisation that made the records, with its code in a register such as TOOI."""

    name: Text
    code: Text | None = None
    origin: Text = "TOOI"


class DossierSettings(Model):
    """MDTO values of every dossier."""

    creator: CreatorSettings | None = None  # archiefvormer; None: the Dutch name of the organisation
    restriction: ConceptSettings = ConceptSettings.unchecked(
        label=UNDECIDED, origin="Begrippenlijst Beperkingen openbaarheid"
    )
    activity: Text | None = None
