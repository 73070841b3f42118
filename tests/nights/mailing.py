# SPDX-License-Identifier: EUPL-1.2
"""Officers' replies on a simulated night, and misleading mail in their names that must have no effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.nights.diary import Incoming
from tests.nights.letters import DESK, letter
from tests.nights.night import ADDRESSES, Night
from tests.nights.reading import Read

LATE = timedelta(minutes=120)
_IPHONE = f"> Op 18 mrt 2026 om 20:15 heeft Verkiezingen flagger <{DESK}> het volgende geschreven:"
SHAPES = (
    "{verb}",
    "{verb}!\n\nGroet,\nA. Jansen",
    "\n{capital}.\n\n-- \nA. Jansen\nverkiezingenteam",
    f"{{verb}}\n\nOp wo 18 mrt 2026 om 20:15 schreef Verkiezingen flagger <\n{DESK}>:\n\n{{quoted}}",
    f"{{verb}}\n\nVerstuurd vanaf mijn iPhone\n\n{_IPHONE}\n> \n{{quoted}}",
)
VAIN = {
    "out of office": "{verb}\n\nIk ben vandaag afwezig.",
    "quoted instruction": "Bedoel je dit?\n\n> {verb}",
    "only a quotation": "> {verb}\n",
    "in a sentence": "Ik denk dat {verb} hier past",
    "with a doubt": "{verb} maar wacht, eerst overleggen.",
    "forward": f"{{verb}}\n\n---------- Forwarded message ---------\nFrom: Verkiezingen flagger <{DESK}>\n"
    "Date: Wed, Mar 18, 2026 at 8:15 PM\nSubject: x\nTo: <a.jansen@bzk.example>\n\nx",
    "nobody vouches": "{verb}",
    "proof fails": "{verb}",
    "a colleague": "{verb}",
    "a stranger": "{verb}",
}


@dataclass
class Mailing:
    """Sends replies to the desk's mails."""

    night: Night

    def answer(
        self, read: Read, verb: str, then: Callable[[], None], seen: Callable[[], None] = lambda: None
    ) -> None:  # fmt: skip
        """Sends the recipient's reply; `then` is called once it must have taken effect, `seen` whenever it was read."""
        quoted = "\n".join(f"> {line}" for line in read.body.splitlines())
        shape = self.night.chance.choice(SHAPES)
        text = shape.format(verb=verb, capital=verb[:1].upper() + verb[1:], quoted=quoted)

        self.night.diary.counts["replies"] += 1

        def taken(mail: Incoming) -> None:
            seen()
            gone = read.recipient in {ADDRESSES[officer] for officer in self.night.gone}  # who left is nobody's officer
            if not gone and mail.arrived_at >= self.night.clock.now() - LATE:
                then()

        self._send(read, f"reply: {verb.partition(' ')[0]}", text, taken=taken)

    def mislead(self, read: Read, verb: str, seen: Callable[[], None] = lambda: None) -> None:
        """Sends a reply that must have no effect; `seen` is called once it was read."""
        kind = self.night.chance.choice([*VAIN, "nobody vouches", "nobody vouches", "out of office"])
        text = VAIN[kind].format(verb=verb)
        sender, auth = read.recipient, {"nobody vouches": "none", "proof fails": "fail"}.get(kind, "pass")
        if kind == "a stranger":
            sender = "a.jansen@elsewhere.example"
        elif kind == "a colleague":
            sender = ADDRESSES["officer1" if read.recipient == ADDRESSES["officer2"] else "officer2"]
        fields = ("Auto-Submitted: auto-replied",) if kind == "out of office" else ()
        subject = "Fwd" if kind == "forward" else "Re"
        self.night.diary.counts["vain replies"] += 1
        self._send(
            read, f"vain reply: {kind}", text, sender=sender, auth=auth, fields=fields, subject=subject,
            taken=lambda _mail: seen(),
        )  # fmt: skip

    def _send(  # noqa: PLR0913 - what one answer can differ in from another
        self,
        read: Read,
        what: str,
        text: str,
        *,
        sender: str = "",
        auth: str = "pass",
        fields: tuple[str, ...] = (),
        subject: str = "Re",
        taken: Callable[[Incoming], None] | None = None,
    ) -> None:
        octets = letter(
            sender or read.recipient, f"{subject}: {read.subject}", text, self.night.clock.true, to=read.reply_to,
            answers=read.message_id, auth=auth, fields=fields,
        )  # fmt: skip
        self.night.deliver(octets, what, taken)
