# SPDX-License-Identifier: EUPL-1.2
"""`./dev revision "what changes"`: writes the next revision from what the records' definitions changed.

Until 0.9 the first revision makes what the definitions say, and a change needs no other. To freeze it, remove its file,
write it with this command, and add the triggers and the chain's head.

It compares the tables with a database made by the existing revisions and writes `NNNN_what_changes.py` next to them. A
person then reviews it and moves rows. A new column that may not be empty has `Column.FILLED` and a default, which the
rows of before get. Alembic compares no checks: a changed one is written by hand, and `tests/store/test_schema.py`
compares it.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.inspection import HERE


def next_revision(newest: str | None) -> str:
    """Returns the number after `newest`, four digits."""
    return f"{int(newest or 0) + 1:04d}"


def make(message: str, scripts: Path = HERE) -> Path:
    """Writes the revision that `message` describes below the Alembic folder `scripts`; returns its file.

    Raises SystemExit while the newest one is made from the definitions.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        config.attributes["engine"] = engine = make_engine(f"sqlite:///{folder}/database")
        written_before = ScriptDirectory.from_config(config)
        newest = written_before.get_current_head()
        if newest is not None:
            if hasattr(written_before.get_revision(newest).module, "all_tables"):
                raise SystemExit(
                    f"{newest} makes what the definitions say: a change of them needs no revision until 0.9"
                )
            command.upgrade(config, "head")
        revision = next_revision(newest)
        command.revision(config, re.sub(r"\.$", "", message), autogenerate=True, rev_id=revision)
        engine.dispose()
    (written,) = (scripts / "versions").glob(f"{revision}_*.py")
    return written


if __name__ == "__main__":
    print(make(sys.argv[1]))
