# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail audit`: verifies the record, and names its head."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import Refusal

if TYPE_CHECKING:
    from flaggermail.ports import BlobStore, Transaction
    from flaggermail.record.audit import ArchivedFile, AuditResult, Discrepancy, Head

LISTED = 10  # files that no row names; the others are counted
_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")
ARCHIVE = "archive file"  # `record.audit.Subject`, which is slow to import
_LEFT = "whole, but no row names it"
_HARMLESS = "; a crash or a refused act leaves such a file, it is no sign of a change"


class HeadType(click.ParamType[tuple[int, str]]):
    """A head of the chain as `audit head` prints it: the number of an event and its digest."""

    name = "head"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:  # fmt: skip
        """Returns number and digest."""
        found = _HEAD.fullmatch(str(value).strip().lower())
        if found is None:
            self.fail(
                f"{str(value)[:90]!a} is no head: write SEQ:DIGEST as `flaggermail audit head` printed it, a number "
                "and 64 hexadecimal digits",
                param,
                ctx,
            )
        return int(found[1]), found[2]


@dataclass(frozen=True, slots=True)
class _Result:
    """Everything that was compared."""

    proof: AuditResult
    findings: Sequence[Discrepancy]
    further: int
    files: int
    left: Sequence[str]  # files that no row names
    left_further: int


@click.group(name="audit", cls=Noun)
def command() -> None:
    """Prove that the record was not changed.

    Example: flaggermail audit verify
    """


@command.command(name="head")
@as_json_option
@click.pass_obj
def head(session: Session, *, as_json: bool) -> None:
    """Print number and digest of the last event, to be kept on another machine.

    `flaggermail audit verify --since` later proves that nothing up to it was changed.

    Example: flaggermail audit head
    """
    with session.evidence() as (tx, _):
        found = tx.head()
    if found is None:
        raise Refusal("the head of the chain is missing or names no event: `flaggermail audit verify` says more")
    if as_json:
        show_json(_shown(found))
    else:
        click.echo(f"{found.seq}:{found.digest}")


@command.command(name="verify")
@click.option(
    "--since", "heads", type=HeadType(), multiple=True, metavar="SEQ:DIGEST",
    help="A head that was kept elsewhere; may be given several times. Nothing up to it may have changed.",
)  # fmt: skip
@as_json_option
@click.pass_obj
def verify(session: Session, *, heads: Sequence[tuple[int, str]], as_json: bool) -> None:
    """Compare events, rows, personal values and archive with each other.

    The exit status is 1 if anything was changed, added or removed; the first difference is named first. Whoever can
    rewrite the whole database can rewrite the chain too: only a head kept elsewhere (--since) reveals that.

    Example: flaggermail audit verify --since 108:1f0c...
    """
    result = _once(session, heads)
    if any(finding.subject == ARCHIVE for finding in result.findings):
        result = _once(session, heads)  # retention may have destroyed a file after the rows were read
    if as_json:
        show_json(_document(result))
    else:
        _tell(result)
    count = len(result.findings) + result.further
    if count:
        first = safe_line(str(result.findings[0]))
        raise Refusal(f"{first} ({count} difference{'s' if count > 1 else ''} from the record)")
    if not as_json:
        click.echo(f"{result.proof.head.seq} events, chain intact")


def _once(session: Session, heads: Sequence[tuple[int, str]]) -> _Result:
    with session.evidence() as (tx, octets):
        return _compared(tx, octets, heads)


def _compared(tx: Transaction, octets: BlobStore, heads: Sequence[tuple[int, str]]) -> _Result:
    from flaggermail.record.audit import LIMIT, compared

    files = 0

    def counted() -> Iterator[ArchivedFile]:
        nonlocal files
        for file in octets.files():
            files += 1
            yield file

    proof = tx.verify()
    findings, further = [*_since(tx, proof, heads), *proof.findings], proof.further
    left: list[str] = []
    left_further = 0
    for file, finding in compared(proof.octets, counted()):
        if finding is None and file is not None and len(left) < LISTED:
            left.append(file.name)
        elif finding is None:
            left_further += 1
        elif len(findings) < LIMIT:
            findings.append(finding)
        else:
            further += 1
    return _Result(proof, findings, further, files, left, left_further)


def _since(tx: Transaction, proof: AuditResult, heads: Sequence[tuple[int, str]]) -> Iterator[Discrepancy]:
    """Yields the heads kept elsewhere that are not in the chain."""
    from flaggermail.record.audit import Discrepancy, Subject

    for seq, digest in heads:
        found = tx.head(seq)
        if found is not None and found.digest == digest:
            continue
        if seq > proof.head.seq:
            said = f"is not in the chain, which ends with event {proof.head.seq}: later events were cut off"
        else:
            said = f"is not in the chain: event {seq} has another digest, so it or an event before it was written anew"
        yield Discrepancy(Subject.HEAD, f"head {seq}:{digest[:12]}...", said, seq)


def _tell(result: _Result) -> None:
    proof = result.proof
    for finding in result.findings:
        click.echo(safe_line(str(finding)))
    if result.further:
        click.echo(f"and {result.further} more")
    # In a changed record, the row that was taken away may be the one that named the file.
    harmless = "" if proof.findings else _HARMLESS
    for name in result.left:
        click.echo(safe_line(f"note: archive {name}: {_LEFT}{harmless}"))
    if result.left_further:
        click.echo(f"note: and {result.left_further} more such files")
    click.echo(f"compared: {proof.rows} rows, {proof.personal} personal values, {result.files} archive files")


def _document(result: _Result) -> dict[str, object]:
    proof = result.proof
    return {
        "version": 1,
        "head": _shown(proof.head),
        "events": proof.head.seq,
        "rows": proof.rows,
        "personal": proof.personal,
        "files": result.files,
        "differences": [
            {"subject": one.subject.value, "name": one.name, "text": one.text, "event": one.event}
            for one in result.findings
        ],
        "further": result.further,
        "unnamed_files": list(result.left),
        "unnamed_further": result.left_further,
    }


def _shown(found: Head) -> dict[str, object]:
    return {"seq": found.seq, "digest": found.digest, "at": found.at.isoformat() if found.at else None}
