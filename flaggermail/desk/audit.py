# SPDX-License-Identifier: EUPL-1.2
"""The record as evidence: its head, and everything in it compared with its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flaggermail import progress
from flaggermail.desk.ground import DeskFiles
from flaggermail.desk.inspections import texts
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.ports import BlobStore, Transaction
from flaggermail.record.audit import (
    LIMIT,
    RECORD_SHARE,
    ArchivedFile,
    AuditResult,
    Head,
    RecordFinding,
    Subject,
    compared,
)
from flaggermail.wording.refusals import ViewRefusal

LISTED = 10  # files that no row names; the others are counted
_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")

Heads = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Result:
    """Everything that was compared."""

    proof: AuditResult
    findings: Sequence[RecordFinding]
    further: int
    files: int
    left: Sequence[str]  # files that no row names
    left_further: int


def show_head(ground: DeskFiles, _: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"seq", "digest", "at"} of the last event. Raises Refusal if the chain has no head."""
    with ground.evidence() as (tx, _octets):
        found = tx.head()
    if found is None:
        raise Refusal(ViewRefusal.NO_HEAD())
    return _shown(found)


def verify(ground: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Compares events, rows, personal values and archive with each other, and the chain with the heads in `since`.

    `proved` in the document says whether the database itself agrees with its events: then a file that no row names is
    no sign of a change.
    """
    heads = [_head(text) for text in texts(request, "since")]
    result = _once(ground, heads)
    if any(finding.subject is Subject.ARCHIVE for finding in result.findings):
        result = _once(ground, heads)  # retention may have destroyed a file after the rows were read
    return _document(result)


def prove(tx: Transaction, octets: BlobStore, heads: Heads) -> dict[str, Json]:
    """Returns the document of `verify` for a database and an archive that are open."""
    return _document(_compared(tx, octets, heads))


def _head(text: str) -> tuple[int, str]:
    found = _HEAD.fullmatch(text)
    if found is None:
        raise Refusal(ViewRefusal.HEAD_UNREADABLE(given=ascii(text[:90]), wanted="SEQ:DIGEST"))
    return int(found[1]), found[2]


def _once(ground: DeskFiles, heads: Heads) -> _Result:
    with ground.evidence() as (tx, octets):
        return _compared(tx, octets, heads)


def _compared(tx: Transaction, octets: BlobStore, heads: Heads) -> _Result:
    files = 0

    def counted() -> Iterator[ArchivedFile]:
        nonlocal files
        for file in progress.counted(octets.files(), len(proof.octets)):
            files += 1
            yield file

    with progress.part(0.0, RECORD_SHARE):
        proof = tx.verify()
    findings, further = [*_since(tx, proof, heads), *proof.findings], proof.further
    left: list[str] = []
    left_further = 0
    with progress.part(RECORD_SHARE, 1.0):
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


def _since(tx: Transaction, proof: AuditResult, heads: Heads) -> Iterator[RecordFinding]:
    """Yields the heads kept elsewhere that are not in the chain."""
    for seq, digest in heads:
        found = tx.head(seq)
        if found is not None and found.digest == digest:
            continue
        if seq > proof.head.seq:
            said = f"is not in the chain, which ends with event {proof.head.seq}: later events were cut off"
        else:
            said = f"is not in the chain: event {seq} has another digest, so it or an event before it was written anew"
        yield RecordFinding(Subject.HEAD, f"head {seq}:{digest[:12]}...", said, seq)


def _document(result: _Result) -> dict[str, Json]:
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
        "proved": not proof.findings,
    }


def _shown(found: Head) -> dict[str, Json]:
    return {"seq": found.seq, "digest": found.digest, "at": found.at.isoformat() if found.at else None}
