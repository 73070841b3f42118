# SPDX-License-Identifier: EUPL-1.2
"""A desk to be measured: its mailbox in a real Dovecot, its configuration, database and archive in a folder."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flaggermail import wiring
from flaggermail.cli.db import upgrade_database as _upgrade  # noqa: F401
