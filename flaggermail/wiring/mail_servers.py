# SPDX-License-Identifier: EUPL-1.2
"""Makes what talks to mail and name servers, for the processes that do: the door needs none of it in its memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from flaggermail.adapters.dns.organisations import organisational
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.smtp.submission import SmtpSubmitter
from flaggermail.intake.facts import DECIDING, BySignature, SignatureWeight
from flaggermail.mail.message import Verdict
from flaggermail.ports import Clock, Mailbox, MailService, Resolver, SignatureCheck, Submitter, TokenReach
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.wiring.credentials import Presented, unseen
from flaggermail.wiring.logins import imap_account, submission_account, tries_another


def proves_one_mailbox(settings: Configuration) -> TokenReach | None:
    """Tries another mailbox with the token of the desk; None where the configuration names none.

    It must be refused. Raises LinkLost, or LoginRefused if the desk's own mailbox does not open.
    """
    return tries_another(settings, imap_account(settings))


@dataclass(frozen=True, slots=True)
class ImapService:
    """Implements `ports.MailService` with a mailbox over IMAP and a submission server."""

    settings: Configuration
    presented: Presented = unseen

    def mailbox(self) -> Mailbox:
        """Returns the mailbox in the settings."""
        return ImapMailbox(imap_account(self.settings, self.presented))

    def submitter(self, clock: Clock, leads: Callable[[], bool] = lambda: True) -> Submitter:
        """Returns the submitter in the settings."""
        return SmtpSubmitter(submission_account(self.settings, self.presented), clock, leads)


def mail_service(settings: Configuration, presented: Presented = unseen) -> MailService:
    """Returns the mail service in the settings; the one place that chooses its kind."""
    return ImapService(settings, presented)


class OnFirstSignature:
    """Implements `ports.SignatureCheck` with our own verification, which is loaded for the first mail that needs it."""

    def __init__(self, resolver: Resolver | None) -> None:
        self._resolver = resolver

    @cached_property
    def _check(self) -> SignatureCheck:
        from flaggermail.adapters.dns.dkim_check import DkimCheck  # noqa: PLC0415 - with dnspython 2.7 MiB
        from flaggermail.adapters.dns.resolver import DnsResolver  # noqa: PLC0415 - as above

        return DkimCheck(self._resolver or DnsResolver(), organisational)

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """Returns the verdict on the author's domain."""
        return self._check.check(octets, domain, date, now)


def with_signatures(env: Services, resolver: Resolver | None = None, *, as_it_comes: bool = True) -> Services:
    """Returns `env` with our own DKIM verification if the settings ask for it.

    `resolver` looks up the keys, by default with this machine's name servers. Unless mail is taken in `as_it_comes`, a
    signature is looked up only to decide: what the DNS says today is no fact about old mail.

    Used only where mail is taken in: a command that shows stored mail makes no DNS queries.
    """
    mailbox = env.settings.desk.mailbox
    recorded = SignatureWeight.RECORDED if as_it_comes and mailbox.record_signatures else None
    weight = DECIDING.get(mailbox.trusted.asked, recorded)
    if weight is None:
        return env
    domains = frozenset(domain for platform in env.settings.platforms for domain in platform.domains)
    check = OnFirstSignature(resolver)
    answering = frozenset(address for channel in env.settings.channels for address in channel.answers_from)
    return replace(env, sender_check=BySignature(env.sender_check, check, domains, env.clock, weight, answering))
