# SPDX-License-Identifier: EUPL-1.2
"""Mail of every kind that a desk gets; the same seed gives the same mails in the same order."""

import random
from dataclasses import dataclass
from email.utils import formatdate

REFERRERS = ("lindewaard.example", "kromwoude.example", "kiesraad.example", "omroep.example", "factcheck.example")
CITIZENS = ("mailprovider.example", "gratismail.example")
NOTIFIED, CHANNEL = "elections-eu@tiktok-platform.example", "tiktok-elections"
_WORDS = ["stembureau", "bericht", "misleidend", "stempas", "volmacht", "kandidaat", "lijst", "uitslag", "onjuist",
          "datum", "account", "advertentie", "melding", "kiezer", "stemlokaal", "potlood", "verspreid", "gedeeld",
          "vandaag", "gisteren", "beoordelen", "spoed", "telefoon", "reactie"]  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """One mail as an external server submits it."""

    kind: str
    name: str  # its Message-ID, without brackets
    sender: str  # of the envelope; empty for the null return path
    octets: bytes


class Mails:
    """Writes mail to one desk."""

    def __init__(self, seed: int, desk: str) -> None:
        self._random = random.Random(f"mails/{seed}")  # noqa: S311 - the same mail again is the purpose
        self._seed = seed
        self._desk = desk
        self._written = 0

    def any_kind(self) -> Mail:
        """Returns a mail of a random kind that answers nothing."""
        kinds = [self.referral, self.citizen, self.newsletter, self.absence]
        return self._random.choices(kinds, [5, 3, 1, 1])[0]()

    def referral(self, size: int = 3000) -> Mail:
        """Returns a referral by a known referrer, of about `size` octets.

        As in gen_corpus.py one in fourteen has a subject that others have too, however many are written.
        """
        matter = self._words(1 if self._random.randrange(14) == 0 else 6)
        return self._mail("referral", self._random.choice(REFERRERS), f"Verkeerde stemdag {matter}", size=size)

    def citizen(self) -> Mail:
        """Returns a citizen's report about a post."""
        return self._mail("citizen", self._random.choice(CITIZENS), f"Melding: {self._words(4)}")

    def newsletter(self) -> Mail:
        """Returns a mailing list's newsletter."""
        fields = ("List-Unsubscribe: <https://news.example/u>", "Precedence: bulk")
        return self._mail("newsletter", "news.example", f"Nieuwsbrief {self._words(2)}", fields)

    def absence(self) -> Mail:
        """Returns an out-of-office reply."""
        return self._mail("absence", self._random.choice(REFERRERS), "Afwezig", ("Auto-Submitted: auto-replied",))

    def receipt(self, answered: str, recipient: str) -> Mail:
        """Returns a platform's automatic receipt for a notification."""
        fields = (*_answers(answered), "Auto-Submitted: auto-generated")
        return self._mail("receipt", recipient, f"[#{self._random.randrange(10**8)}] We received your report", fields)

    def answer(self, answered: str, recipient: str) -> Mail:
        """Returns a person's answer from a platform to a notification."""
        text = "We have reviewed your report and removed the post."
        return self._mail("answer", recipient, "Re: your request", _answers(answered), text=text)

    def bounce(self, returned: str, recipient: str) -> Mail:
        """Returns another server's bounce (RFC 3464) of the mail with the Message-ID `returned`."""
        status = (
            "Reporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
            f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        )
        parts = (("text/plain", "Your message was not delivered.\r\n"), ("message/delivery-status", status),
                 ("message/rfc822", f"Message-ID: <{returned}>\r\nSubject: ours\r\n\r\nours\r\n"))  # fmt: skip
        body = "".join(f"--=_b\r\nContent-Type: {kind}\r\n\r\n{text}" for kind, text in parts) + "--=_b--\r\n"
        fields = ("MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"')
        name, head = self._head("mailer-daemon@elsewhere.example", "Undelivered Mail Returned to Sender", fields)
        return Mail("bounce", name, "", f"{head}\r\n{body}".encode())

    def _mail(
        self, kind: str, domain: str, subject: str, fields: tuple[str, ...] = (), *, size: int = 3000, text: str = ""
    ) -> Mail:
        """Builds a mail; `domain` may be a whole address; `text` is the first line."""
        sender = domain if "@" in domain else f"schrijver{self._random.randrange(10**6)}@{domain}"
        name, head = self._head(sender, subject, (*fields, "Content-Type: text/plain; charset=utf-8"))
        lines = [text or self._words(10)]
        while 90 * len(lines) < size:
            lines.append(self._words(10))
        return Mail(kind, name, sender, f"{head}\r\n".encode() + "\r\n".join(lines).encode())

    def _head(self, sender: str, subject: str, fields: tuple[str, ...]) -> tuple[str, str]:
        """Returns a new Message-ID and the header."""
        self._written += 1
        user = self._desk.partition("@")[0]
        name = f"{user}.{self._seed}.{self._written}@{sender.rpartition('@')[2]}"
        lines = (f"Date: {formatdate()}", f"From: {sender}", f"To: {self._desk}", f"Subject: {subject}",
                 f"Message-ID: <{name}>", *fields)  # fmt: skip
        return name, "".join(f"{line}\r\n" for line in lines)

    def _words(self, count: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=count))


def _answers(name: str) -> tuple[str, str]:
    return f"In-Reply-To: <{name}>", f"References: <{name}>"
