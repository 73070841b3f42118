# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.make_migration "what changes"`: the next revision, from what the tables differ in.

It compares the tables with a database made by the revisions there are and writes `NNNN_what_changes.py` beside them.
A person then reads it, gives every column that may not be empty a value for the rows there are, and moves rows.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import HERE


def next_revision(newest: str | None) -> str:
    """The number behind `newest`, four digits."""
    return f"{int(newest or 0) + 1:04d}"


def make(message: str, scripts: Path = HERE) -> Path:
    """Write the revision that `message` describes below the Alembic folder `scripts`; answers its file."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        config.attributes["engine"] = engine = make_engine(f"sqlite:///{folder}/database")
        newest = ScriptDirectory.from_config(config).get_current_head()
        if newest is not None:
            command.upgrade(config, "head")
        revision = next_revision(newest)
        command.revision(config, re.sub(r"\.$", "", message), autogenerate=True, rev_id=revision)
        engine.dispose()
    (written,) = (scripts / "versions").glob(f"{revision}_*.py")
    return written


if __name__ == "__main__":
    print(make(sys.argv[1]))
