# SPDX-License-Identifier: EUPL-1.2
"""The schemas of MDTO, read from the folder beside the checkout where it is; they are not part of the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

from tests.corpus import TALLY

FOLDER = Path(__file__).parents[2] / "shared" / "schema"
VERSIONS = ("1.0.1", "1.0.2")
COUNTED = "MDTO files held against a schema"
NAMESPACE = "https://www.nationaalarchief.nl/mdto"
MANDATORY = {
    "informatieobject": {"identificatie", "naam", "waardering", "archiefvormer", "beperkingGebruik"},
    "bestand": {"identificatie", "naam", "omvang", "bestandsformaat", "checksum", "isRepresentatieVan"},
}


@cache
def schemas() -> dict[str, etree.XMLSchema]:
    """Returns the schemas by version; empty where the folder is not."""
    paths = {version: FOLDER / f"mdto-{version}.xsd" for version in VERSIONS}
    return {version: etree.XMLSchema(etree.parse(path)) for version, path in paths.items() if path.is_file()}


def faults_of(octets: bytes) -> list[str]:
    """Returns what is wrong with a file of metadata, by each version; the closing line says how many were checked."""
    found = etree.fromstring(octets)
    (top,) = found
    named = {str(element.tag).removeprefix(f"{{{NAMESPACE}}}") for element in top}
    kind = str(top.tag).removeprefix(f"{{{NAMESPACE}}}")
    faults = [f"{kind} lacks {name}" for name in sorted(MANDATORY[kind] - named)]
    faults += [
        f"{element.tag} is empty" for element in found.iter() if not len(element) and not (element.text or "").strip()
    ]
    for version, schema in schemas().items():
        if not schema.validate(found):
            faults += [f"{version}: {line}" for line in str(schema.error_log).splitlines()]
    TALLY.counted[COUNTED] += len(schemas())  # 0 shows that none was there
    return faults
