# SPDX-License-Identifier: EUPL-1.2
"""An officer of `bench chaos` who acts at the doors of the nodes: what one door does not answer is asked of another.

Each command has a key. After the fault all of them are sent once more, to any door, which must answer as before.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.bench.chaos_nodes import Node
from tests.bench.mails import CHANNEL
from tests.bench.soak import Soak
from tests.flow.desk_process import patiently
from tests.flow.door_process import Answer, answer_in, exchange, request
from tests.patience import PATIENCE

_SILENT = 15.0  # seconds until another door is asked
_PAUSE = 0.2
_ASSESSED = {"incorrect": True, "contradicts": "The polling day is another.", "criteria": [3], "own_attempts": 2}


@dataclass(frozen=True)
class DoorAct:
    """A command as it is sent, to one door and perhaps to others."""

    name: str
    fields: Mapping[str, object]
    key: str

    @property
    def octets(self) -> bytes:
        """The request."""
        address = f"/v1/commands/{self.name.replace(' ', '-')}"
        return request(address, "POST", dict(self.fields), Idempotency_Key=self.key)


@dataclass
class DoorSoak(Soak):
    """A soak whose officer is at no node, and reaches a door of each."""

    nodes: Sequence[Node] = ()
    acts: list[tuple[DoorAct, Mapping[str, object]]] = field(default_factory=list)  # done, with what was answered

    def open_doors(self) -> None:
        """Starts a door on each node and waits until all of them listen."""
        for node in self.nodes:
            node.open_door()
        patiently(lambda: all(node.socket.exists() for node in self.nodes), "each node has a door")

    def notify(self) -> None:
        """Notifies a platform of a case, by commands of which each may meet another door."""
        open_ = [str(row[0]) for row in self.desk.rows("SELECT number FROM case_file WHERE state = 'open'")]
        if not open_:
            return
        case = self.chance.choice(sorted(open_))
        text = "A post that names a wrong day: https://posts.example/1\n"
        commands: tuple[tuple[str, dict[str, object]], ...] = (
            ("case assess", {"case": case, **_ASSESSED}),
            ("case decide", {"case": case, "decision": "notify", "reason": "Voters may come on the wrong day"}),
            ("notify", {"case": case, "channel": CHANNEL, "title": "Wrong polling day", "text": text}),
            ("approve", {"draft": f"{case}/1"}),
        )
        if all(self._acted(name, fields) for name, fields in commands):
            self.diary.approved.append(f"{case}/1")

    def _acted(self, name: str, fields: Mapping[str, object]) -> bool:
        act = DoorAct(name, fields, f"{self.chance.getrandbits(128):032x}")
        answer = self._answer(act)
        if answer is None or answer.status != HTTPStatus.OK:
            self.diary.findings.append(f"command {name}: {answer and answer.body[:300]!r}")
            return False
        self.diary.done[f"act: {name}"] += 1
        self.acts.append((act, answer.document))
        return True

    def repeat(self) -> None:
        """Sends each command once more, with its key: whichever door is asked, it answers what was answered before."""
        for act, before in self.acts:
            answer = self._answer(act)
            if answer is None or answer.status != HTTPStatus.OK or answer.document != before:
                self.diary.findings.append(f"repeat of {act.name}: {answer and answer.body[:300]!r}, before {before}")

    def _answer(self, act: DoorAct) -> Answer | None:
        """Returns what is answered at last; None if no door knows whether it was done."""
        until = time.monotonic() + PATIENCE
        for node in self._doors():
            try:
                answer = _asked(node, act)
            except (OSError, ValueError, LookupError):  # it ended, hangs, or answered by half
                answer = None
            if answer is not None and answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            if time.monotonic() > until:
                return None
            time.sleep(_PAUSE)
        return None

    def _doors(self) -> Iterator[Node]:
        """Yields nodes in random order, again and again."""
        while True:
            yield from self.chance.sample(list(self.nodes), len(self.nodes))


def _asked(node: Node, act: DoorAct) -> Answer:
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(_SILENT)
        line.connect(str(node.socket))
        return answer_in(exchange(line, act.octets))
