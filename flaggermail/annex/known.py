# SPDX-License-Identifier: EUPL-1.2
"""What the desk knows of names, addresses and keys in its mail, from record and settings, for the proposals."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction_words import read_redaction_words
from flaggermail.mail.subject import prefix_of
from flaggermail.record.case_values import Source
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Channel, Election, Notification
from flaggermail.services import UnitOfWork
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF


def known(work: UnitOfWork, use: Notification) -> KnownToDesk:
    """Returns what is known in the case of a use."""
    settings, desk = work.env.settings, work.env.settings.desk
    case = work.tx.get(Case, use.case)
    siblings = work.tx.find(Notification, where(Notification.case).is_(use.case))
    channels = [*settings.channels, *work.tx.find(Channel)]  # of today, and those that were valid before
    tokens = {one.token for one in siblings} | ({case.token} if case is not None else set())
    tails = {one.tail for one in siblings} | ({case.tail} if case is not None else set())
    phones = {officer.phone for officer in settings.rota.officers} | {desk.organisation.phone}
    published = desk.report.colophon
    pages = {one.policy_url for one in channels} | {one.policy_url for one in siblings}
    for one in settings.platform_list:
        pages |= {one.report_url.nl, one.report_url.en} if one.report_url is not None else set()
    if published is not None:
        pages |= {published.address.nl, published.address.en, published.telephone}
    contacts = {one for of in channels for one in (*of.to, *of.cc, *of.answers_from, of.phone)}
    own = {desk.mailbox.address, *desk.mailbox.aliases, *phones}
    organisations = {platform.name for platform in settings.platform_list} | {one.name for one in channels}
    organisations |= {one.policy_title for one in channels}  # our own mails name policies and elections
    organisations |= {name for one in work.tx.find(Election) for name in (one.name_nl, one.name_en)}
    for names in (desk.organisation.name, desk.report.organisation, desk.mailbox.display_name):
        organisations |= {names.nl, names.en} if names is not None else set()
    return KnownToDesk(
        words=read_redaction_words(settings.rules_directory),
        language=work.env.language,
        prefix=prefix_of(use.case),
        tails=frozenset(filter(None, tails)),
        tokens=frozenset(tokens),
        channels=tuple(sorted(filter(None, contacts))),
        own=tuple(sorted(filter(None, own))),
        names=tuple(sorted({one.name for one in settings.rota.officers})),
        organisations=tuple(sorted(organisations)),
        public=tuple(sorted(pages - {""})),
        official_hosts=_official_hosts(settings.rules.lists),
        mail_hosts=settings.rules.lists.get(FREE_MAIL, frozenset()),
    )


def _official_hosts(lists: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Returns the domains of authorities: their pages name nobody."""
    authorities = (LIST_OF[Source.GOVERNMENT_BODY], LIST_OF[Source.FELLOW_AUTHORITY])
    return frozenset[str]().union(*(lists.get(name, frozenset()) for name in authorities))
