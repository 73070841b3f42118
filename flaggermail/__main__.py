# SPDX-License-Identifier: EUPL-1.2
"""The process of the command line: `flaggermail`, or `python -m flaggermail`."""

import signal
import sys

# The default of the others is to end the process, or to do nothing: a stop, a fault in the program, a terminal's job
# control. A child whose end is ignored cannot be waited for.
_LEFT = frozenset({
    signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU,
    signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS,
    signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT, signal.SIGCHLD,
})  # fmt: skip


def main() -> None:
    """Runs the command line; a daemon ignores each signal that is not a stop before it loads what takes a second."""
    if "run" in sys.argv[1:]:
        for number in signal.valid_signals() - _LEFT:
            signal.signal(number, signal.SIG_IGN)
    from flaggermail.cli import main as commands  # noqa: PLC0415 - see above

    commands()


if __name__ == "__main__":
    main()
