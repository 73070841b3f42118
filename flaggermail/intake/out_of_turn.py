# SPDX-License-Identifier: EUPL-1.2
"""Takes in live mail out of its turn, while the mail before it is old or very much.

It stays in its folder: in its turn it is recognized as seen before, and only then counts as read. What fails here
comes in its turn, too, or in the next look five seconds later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.cases import attention
from flaggermail.errors import FolderUnreadable, LinkLost, LoginRefused, PauseAsked
from flaggermail.intake import facts, unfetched
from flaggermail.intake.ingest import ingest
from flaggermail.notices import duty
from flaggermail.ports import Interrupt, Mailbox, MailPage, RawMessage
from flaggermail.services import Services
from flaggermail.settings.word_tables import FREE_MAIL

EVERY = timedelta(seconds=5)  # between two looks at the inbox while pages of mail are read


class OutOfTurn:
    """Looks at the inbox while much mail of any folder is read. Used by the thread that reads the mailbox.

    `flood`: new mails in the inbox from which only expected mail is taken in out of its turn.
    """

    def __init__(self, env: Services, mailbox: Mailbox, inbox: str, stop: Interrupt | None, flood: int) -> None:
        self._env, self._mailbox, self.inbox, self.stop, self._flood = env, mailbox, inbox, stop, flood
        self._begun = False  # whether there is much mail to read, and the inbox tells its end
        self._position: str | None = None  # in the inbox, up to which was looked
        self._looked_at: datetime = env.clock.now()
        self._more = False  # whether mail was seen that came while the inbox was read

    def begin(self, folder: str, since: str | None) -> None:
        """Takes in what is expected in a folder with much new mail, and begins to look at the inbox.

        Raises LoginRefused, PauseAsked.
        """
        if folder != self.inbox:
            with self._in_vain(folder):
                self._take_in_expected(folder, since)
        if not self._begun:
            with self._env.store.read() as tx:
                read = tx.cursor(self.inbox)
            self._begun, self._position = True, read.position if read else None
            self._look()

    def pages(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """Yields what is new in a folder, and looks at the inbox between pages.

        Of the inbox, that includes what came while it was read. Raises LinkLost, FolderUnreadable.
        """
        unread = True
        while unread:
            self._more = False
            for page in self._mailbox.fetch_after(folder, since):
                yield page
                since = page.position
                if self._begun and abs(self._env.clock.now() - self._looked_at) >= EVERY:
                    self._look()
            unread = self._more and folder == self.inbox

    def _look(self) -> None:
        """Takes in what is new in the inbox; what cannot be fetched ends neither this nor the folder that is read."""
        with self._in_vain(self.inbox):
            self._take_in_new(self._position)
        self._looked_at = self._env.clock.now()

    def _take_in_new(self, since: str | None) -> None:
        """Takes in live mail that came into the inbox; of very much, only what is expected."""
        news = self._mailbox.news(self.inbox, since)
        self._more = self._more or news.at_most != 0
        if news.at_most is None or news.at_most > self._flood:
            self._take_in_expected(self.inbox, since)
        elif news.at_most:
            for page in self._mailbox.fetch_after(self.inbox, since):
                unfetched.set_aside(self._env, page.unfetched)
                for raw in page.mails:
                    if not self._may_wait(raw):
                        self._take_in(raw)
                self._position = page.position
            return
        self._position, self._begun = news.end, news.end != ""

    @staticmethod
    @contextmanager
    def _in_vain(folder: str) -> Iterator[None]:
        """Logs that a folder could not be read out of its turn. Raises LoginRefused, PauseAsked."""
        try:
            yield
        except (LoginRefused, PauseAsked):
            raise
        except (LinkLost, FolderUnreadable) as fault:
            logbook.folder_unreadable(folder, str(fault))

    def _take_in_expected(self, folder: str, since: str | None) -> None:
        """Takes in answers to our mail, and mail of officers, platforms and known domains, within its limits."""
        env = self._env
        oldest = env.clock.now() - timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)
        for batch in self._mailbox.fetch_first(folder, since, known_senders(env), oldest):
            for raw in batch:
                if not self._may_wait(raw) and duty.may_jump_queue(env, raw.octets):
                    self._take_in(raw)

    def _may_wait(self, raw: RawMessage) -> bool:
        """Returns whether a mail has time until its turn; after a stop every mail has."""
        stopped = self.stop is not None and self.stop.is_set()
        return stopped or facts.late(self._env, raw, self._env.clock.now())

    def _take_in(self, raw: RawMessage) -> None:
        log_taken_in(raw, ingest(self._env, replace(raw, cursor=None)))


def known_senders(env: Services) -> list[str]:
    """Returns the addresses of officers and of `answers_from`, and the domains of platforms and of known referrers."""
    settings = env.settings
    domains = {domain for platform in settings.platforms for domain in platform.domains}
    listed = (domains for name, domains in settings.rules.lists.items() if name != FREE_MAIL)
    with env.store.read() as tx:
        remembered = {row.id for row in attention.in_force(tx)}
    behind = domains.union(remembered, *listed)
    answering = {address for channel in settings.channels for address in channel.answers_from}
    return sorted({officer.address for officer in settings.rota.officers} | answering | behind)


def log_taken_in(raw: RawMessage, outcome: str) -> None:
    """Logs a mail that was taken in."""
    logbook.message_taken_in(raw.folder, raw.item, len(raw.octets), outcome)
