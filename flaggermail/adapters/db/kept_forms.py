# SPDX-License-Identifier: EUPL-1.2
"""The forms that persons left half filled, in a table that no event fills."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, insert, select

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.readings import BesideRecord
from flaggermail.ports import KeptForm

WAIT = 10.0  # seconds that a person waits for other writers
_FORM = table_of("kept_form")


class SqlKeptForms(BesideRecord):
    """Implements `ports.KeptForms`."""

    def keep(self, form: KeptForm, most: int) -> None:
        """Keeps a form in place of an earlier one; see `ports.KeptForms`."""
        own = _FORM.c.person == form.person
        with self.writing(WAIT) as connection:
            connection.execute(delete(_FORM).where(own, _FORM.c.page == form.page, _FORM.c.act == form.act))
            newest = select(_FORM.c.page, _FORM.c.act).where(own).order_by(_FORM.c.at.desc())
            for page, act in connection.execute(newest.offset(most - 1)).all():
                connection.execute(delete(_FORM).where(own, _FORM.c.page == page, _FORM.c.act == act))
            values = {
                "person": form.person, "page": form.page, "act": form.act, "at": form.at, "version": form.version,
                "texts": json.dumps({name: list(several) for name, several in form.texts.items()}),
            }  # fmt: skip
            connection.execute(insert(_FORM), values)

    def of(self, person: str, page: str) -> list[KeptForm]:
        """Returns what a person keeps of a page, by act."""
        wanted = select(_FORM).where(_FORM.c.person == person, _FORM.c.page == page).order_by(_FORM.c.act)
        with self.reading() as connection:
            return [
                KeptForm(
                    one.person, one.page, one.act, one.at, one.version,
                    {name: tuple(several) for name, several in json.loads(one.texts).items()},
                )
                for one in connection.execute(wanted)
            ]  # fmt: skip

    def discard(self, person: str, page: str, act: str) -> None:
        """Removes a form, if there is one."""
        with self.writing(WAIT) as connection:
            connection.execute(delete(_FORM).where(_FORM.c.person == person, _FORM.c.page == page, _FORM.c.act == act))

    def forget(self, before: datetime) -> int:
        """Removes the forms that were kept before that instant; returns their number."""
        with self.writing(WAIT) as connection:
            return connection.execute(delete(_FORM).where(_FORM.c.at < before)).rowcount
