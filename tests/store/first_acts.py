# SPDX-License-Identifier: EUPL-1.2
"""The first acts of a desk, played once in a process: another desk with the same record gets what they left.

The same octets of the database, the same settings, clock and place in the randomness make the same record, to the
digest of its chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.adapters.db.store import SqlStore
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services

if TYPE_CHECKING:
    from tests.store.desk_fixtures import Envelope

DATABASE = "database"
COUNT = "_count"  # of the randomness, which repeats


@dataclass(frozen=True)
class Left:
    """What acts left: files by their paths, with their modes, the place in the randomness, the mails, the answer."""

    settings: Configuration  # held, so that no other has its id
    files: Mapping[Path, tuple[int, bytes]]
    count: int
    envelopes: tuple[Envelope, ...]
    answer: str


_KNOWN: dict[tuple[str, str, int, int], Left] = {}


def once(env: Services, folder: Path, envelopes: list[Envelope], name: str, play: Callable[[], str]) -> str:
    """Returns the answer of the acts `name`, which `play` plays on the desk in that folder unless they were before."""
    store, randomness = env.store, vars(env.randomness)
    assert isinstance(store, SqlStore)
    store.close()  # and the file is whole
    octets = (folder / DATABASE).read_bytes()
    key = (name, hashlib.sha256(octets).hexdigest(), randomness[COUNT], id(env.settings))
    if key not in _KNOWN:
        answer = play()
        store.close()
        files = {
            path.relative_to(folder): (path.stat().st_mode, path.read_bytes())
            for path in folder.rglob("*") if path.is_file()
        }  # fmt: skip
        _KNOWN[key] = Left(env.settings, files, randomness[COUNT], tuple(envelopes), answer)
        return answer
    left = _KNOWN[key]
    for path, (mode, content) in left.files.items():
        place = folder / path
        if place.name == DATABASE or not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(mode)
    randomness[COUNT] = left.count
    envelopes += left.envelopes
    return left.answer
