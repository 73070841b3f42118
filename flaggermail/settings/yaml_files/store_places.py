# SPDX-License-Identifier: EUPL-1.2
"""Changes where a configuration says that its database and its archive lie; everything else stays, comments too."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML


def point_to(path: Path, archive: str, database: str, octets: str) -> None:
    """Makes a restored configuration name its own database and archive, never those of the desk it came from.

    `octets`: which of them has the octets. Its secrets of one-time codes lie in the usual place again. Raises OSError.
    """
    yaml = YAML()  # keeps comments
    yaml.preserve_quotes = True
    found = yaml.load(path.read_bytes())
    store = found.setdefault("store", {})
    store["database"], store["archive"], store["octets"] = database, archive, str(octets)
    store.pop("codes", None)
    with path.open("wb") as file:
        yaml.dump(found, file)
