# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.store.ingesting FOLDER PATH...`: takes in old mail on the desk in FOLDER, to be killed on the way.

It prints the number of new mails after each batch, and the counts at the end.
"""

import sys
from pathlib import Path

from flaggermail.adapters.files.old_mail import MailFiles, MailNames
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.intake import old_mail
from flaggermail.intake.old_mail import FoundMail
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring.assembly import make_services
from tests.store.desk_fixtures import START, RecordingSubmitter, desk_settings, registered
from tests.store.processes import tell


def main(folder: Path, paths: list[Path]) -> None:
    """Takes in the mail of the paths."""
    clock = SetClock(START)
    env = registered(make_services(  # chance that repeats would give two events of two processes the same salt
        desk_settings(), clock=clock, randomness=SystemRandomness(), submit=RecordingSubmitter(clock),
        database=f"sqlite:///{folder}/desk.db", archive=folder / "archive",
    ))  # fmt: skip

    def told(_read: int, tally: FoundMail) -> None:
        tell(str(tally.new))

    tally = old_mail.take_in(env, MailFiles(paths, [], MailNames("Sent", "Junk")), told)
    tell(f"{tally.found} = {tally.new} + {tally.known} + {len(tally.refused)}")
    env.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
