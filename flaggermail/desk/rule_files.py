# SPDX-License-Identifier: EUPL-1.2
"""Checks of the rules folder, and the JSON Schemas of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.errors import Refusal
from flaggermail.rules import models as files
from flaggermail.rules.configuration import load
from flaggermail.wording.refusals import ViewRefusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flaggermail.desk.ground import DeskFiles
    from flaggermail.mail.message import Json
    from flaggermail.settings.yaml_files.kinds import Model

_SCHEMAS: dict[str, type[Model]] = {
    "rules": files.RulesFile, "sample": files.SampleFile, "who": files.WhoFile, "languages": files.LanguagesFile,
}  # fmt: skip


def check_rules(ground: DeskFiles, _: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"remarks": [...], "rules", "rules_version"}: faults and warnings. Raises ConfigurationError."""
    settings = load(ground.directory.absolute())
    remarks: list[Json] = [
        {"file": one.file, "line": one.line, "column": one.column, "text": one.text, "fault": one.fault}
        for one in ground.rule_findings(settings)
    ]
    return {"remarks": remarks, "rules": len(settings.rules.rules), "rules_version": settings.rules.version}


def show_schema(_: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns the JSON Schema of a file of the rules folder. Raises Refusal for an unknown `name`."""
    name = request["name"]
    if not isinstance(name, str) or name not in _SCHEMAS:
        raise Refusal(ViewRefusal.SCHEMA_UNKNOWN(given=str(name), allowed=list(_SCHEMAS)))
    return _SCHEMAS[name].model_json_schema(by_alias=True)
