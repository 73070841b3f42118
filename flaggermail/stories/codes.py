# SPDX-License-Identifier: EUPL-1.2
"""The codes of a scenario: confirmed devices at its start, and the code that a mail holds at its instant."""

from __future__ import annotations

from datetime import datetime

from flaggermail.errors import ConfigurationError
from flaggermail.notices import code_pages, enrolled
from flaggermail.notifications.approval import Offer, step_of
from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.rows import Device, OutboxMail, Token
from flaggermail.record.topics import Topic
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.approval_section import ByReply


def enrol(env: Services, tx: Transaction, officer_id: str, by: str) -> None:
    """Records a confirmed device of an officer, whose secret is the same in every run of a scenario."""
    if env.settings.rota.officer(officer_id) is None:
        raise ConfigurationError(f"given: enrolled: {officer_id} is no officer in oncall.yaml")
    now, key = env.clock.now(), f"d{tx.number('device'):06d}"
    commitment = env.codes.make(key, env.randomness.salt() + env.randomness.salt()[:4])
    device = Device(
        id=key, officer=officer_id, enrolled_by=by, enrolled_at=now, commitment=commitment,
        token=env.randomness.token(), confirmed_at=now,
    )  # fmt: skip
    tx.append(Event(EventKind.DEVICE_ENROLLED, now, by, (added(device),), reason=officer_id))


def code_at(env: Services, at: datetime, sender: str, answered: OutboxMail | None) -> str | None:
    """Returns the code that the writer of a mail has at that instant; None if there is none.

    The code is that of the officer who writes, or of the one whose mail is answered if somebody else does.
    """
    persons = {officer.address.lower(): officer.id for officer in env.settings.rota.officers}
    officer = persons.get(sender.lower()) or persons.get(answered.recipient.lower() if answered else "")
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, at)
        offer = _offer(work, answered, officer)
        if offer is not None:
            return offer.code
        device = next(reversed(enrolled.devices_of(work, officer)), None) if officer else None
        codes = env.codes.codes(device.id, device.commitment, [step_of(at)]) if device else None
    return codes[step_of(at)] if codes else None


def _offer(work: UnitOfWork, answered: OutboxMail | None, officer: str | None) -> Offer | None:
    """Returns the offer of the request that is answered, where the code is a request's and not a device's."""
    means = work.env.settings.desk.approval.means
    if answered is None or means not in {ByReply.PAGER, ByReply.MAIL}:
        return None
    shown = work.tx.find(
        Token,
        where(Token.purpose).is_(Topic.APPROVAL),
        where(Token.notification).is_(answered.notification),
        where(Token.officer).is_(officer),
    )
    offers = [offer for token in shown if (offer := code_pages.offer_of(work, token)) is not None]
    return max(offers, key=lambda offer: offer.expires_at, default=None)
