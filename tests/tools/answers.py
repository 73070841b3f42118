# SPDX-License-Identifier: EUPL-1.2
"""The tables of docs/server-answers.md, from the known answers; `python -m tests.tools.answers` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Reader, Service
from flaggermail.adapters.server_answers.recognise import known, worded

MANUAL = Path(__file__).parents[2] / "docs" / "server-answers.md"
HEADING = "## The answers\n"
_HEAD = "| it answers | to | which means | source |\n|---|---|---|---|\n"
WHILE = {
    ProtocolStep.CONNECT: "connection",
    ProtocolStep.TOKEN: "token",
    ProtocolStep.IMAP_PASSWORD: "IMAP login by password",
    ProtocolStep.IMAP_TOKEN: "IMAP login by token",
    ProtocolStep.IMAP_AFTER_PASSWORD: "IMAP later, by password",
    ProtocolStep.IMAP_AFTER_TOKEN: "IMAP later, by token",
    ProtocolStep.SMTP_OPENING: "SMTP greeting",
    ProtocolStep.SMTP_PASSWORD: "SMTP login by password",
    ProtocolStep.SMTP_TOKEN: "SMTP login by token",
    ProtocolStep.SMTP_SENDER: "sender",
    ProtocolStep.SMTP_RECIPIENT: "recipient",
    ProtocolStep.SMTP_MESSAGE: "message",
}
"""By step, what the server answers to."""


def tables() -> Iterator[str]:
    """Yields the lines of a table for each service, in the order of the code, and the list of their sources."""
    rows = [row for service in Service for row in known() if row.service is service]
    sources = list(dict.fromkeys(row.source for row in rows))
    for service in Service:
        yield f"\n### {service.value[0].upper()}{service.value[1:]}\n\n"
        yield _HEAD
        yield from (_row(row, sources.index(row.source) + 1) for row in rows if row.service is service)
    yield "\n### Sources\n\n"
    yield from (f"{number}. {source}\n" for number, source in enumerate(sources, start=1))


def _row(row: KnownAnswer, source: int) -> str:
    means = worded(row.means, Reader(server=_section(row))).english
    return f"| `` {row.line} `` | {', '.join(WHILE[step] for step in row.steps)} | {means} | {source} |\n"


def _section(row: KnownAnswer) -> str:
    return "submission" if row.steps[0].startswith("smtp") else "mailbox"


def with_tables(page: str) -> str:
    """Returns the page with the tables as they are now."""
    before, heading, _ = page.partition(HEADING)
    assert heading, "the page has no such heading"
    return before + heading + "".join(tables())


if __name__ == "__main__":
    MANUAL.write_text(with_tables(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
