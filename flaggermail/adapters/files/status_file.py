# SPDX-License-Identifier: EUPL-1.2
"""`status.json`, a small file for monitoring, and beside it `status.prom`, the same as metrics for Prometheus.

Each is replaced atomically: a reader never sees a partial file.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from flaggermail.adapters.files.blob_store import replace_file
from flaggermail.health.metrics import METRICS_FILE, Metric, metrics
from flaggermail.health.status_document import ARCHIVE_OF, PROCESS, started
from flaggermail.mail.message import Json

MODE = 0o644  # whatever the umask: the folder's mode decides who may read it
PREFIX = "flaggermail_"
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})  # in the value of a label


class StatusFile:
    """Implements `ports.StatusBoard`: writes a temporary file next to each of the two, then renames it."""

    def __init__(self, path: Path, process: Mapping[str, Json] | None = None, archive: Path | None = None) -> None:
        """`process` names the one that writes, see `adapters.system.own_process`; `archive` is that of its desk."""
        self._path = path
        self._writer: Mapping[str, Json] = {
            **({PROCESS: dict(process)} if process else {}),
            **({ARCHIVE_OF: os.path.realpath(archive)} if archive else {}),
        }
        self._writing = threading.Lock()  # the mailbox thread writes too, when its connection is lost or restored

    def begin(self, at: datetime, version: str, wrong: Mapping[str, str]) -> None:
        """Lets readers see that a daemon starts at `at`, in the desk's zone; the rest stays as the last one left it.

        `wrong`: what it waits for.
        """
        try:
            last = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # none yet, or half of one
            last = {}
        self.show(started(last if isinstance(last, dict) else {}, at, version, wrong))

    def show(self, document: Mapping[str, Json]) -> str:
        """Replaces both files; returns why that failed, or an empty string. Never raises OSError."""
        with self._writing:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)  # the archive creates it with its first mail
                written = json.dumps({**document, **self._writer}, indent=2)
                replace_file(self._path, f"{written}\n".encode("ascii"), MODE)
                replace_file(self._path.with_name(METRICS_FILE), exposition(document), MODE)
            except OSError as fault:
                return fault.strerror or type(fault).__name__
        return ""


def exposition(document: Mapping[str, Json]) -> bytes:
    """Returns a status document in Prometheus' text format, version 0.0.4."""
    return "".join(line for metric in metrics(document) for line in _lines(metric)).encode()


def _lines(metric: Metric) -> Iterator[str]:
    """Yields a metric as its explanation, its type, and a sample for each value; ours explain in one plain line."""
    name = PREFIX + metric.name
    yield f"# HELP {name} {metric.help}\n# TYPE {name} {metric.type}\n"
    for key, value in metric.values.items():
        labels = ",".join(
            f'{label}="{text.translate(_ESCAPED)}"' for label, text in zip(metric.labels, key, strict=True)
        )
        yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"
