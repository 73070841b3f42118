# SPDX-License-Identifier: EUPL-1.2
"""Forms that a person leaves half filled: kept for a day, for that person alone, to show them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from flaggermail.errors import Refusal
from flaggermail.ports import KeptForm
from flaggermail.services import Services
from flaggermail.wording.door import FormRefusal

KEPT_FOR = timedelta(hours=24)
MOST_KEPT = 20  # forms of one person; the oldest go
LONGEST_KEPT = 100_000  # characters of one


def keep(
    env: Services, person: str, page: str, act: str, *, version: int | None, texts: Mapping[str, tuple[str, ...]]
) -> None:  # fmt: skip
    """Keeps a form. Raises Refusal for one that is too long, StoreBusy, StoreFailure."""
    if len(json.dumps(texts)) > LONGEST_KEPT:
        raise Refusal(FormRefusal.TOO_LONG_TO_KEEP(most=LONGEST_KEPT))
    now = env.clock.now()
    env.store.forms.forget(now - KEPT_FOR)
    env.store.forms.keep(KeptForm(person, page, act, now, version, texts), MOST_KEPT)


def kept(env: Services, person: str, page: str) -> Mapping[str, KeptForm]:
    """Returns what that person keeps of a page, by act; instants in the zone of the desk."""
    since, zone = env.clock.now() - KEPT_FOR, env.settings.zone
    found = (one for one in env.store.forms.of(person, page) if one.at >= since)
    return {one.act: replace(one, at=one.at.astimezone(zone)) for one in found}
