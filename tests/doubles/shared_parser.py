# SPDX-License-Identifier: EUPL-1.2
"""One parsing process for all desks of a test process: to start one takes longer than most tests.

So it reads the mails of many desks one after the other, as the daemon's does.
"""

from dataclasses import replace
from functools import cache

from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.services import Services
from flaggermail.shipped import shipped


class SharedParser(ContainedParser):
    """A parser that stays when a desk is closed; its process ends with this one."""

    def close(self) -> None:
        """Leaves the process to the next desk."""


@cache
def _parser() -> SharedParser:
    return SharedParser(shipped("rules"))


def sharing(env: Services) -> Services:
    """Returns the services with the shared parser, if they read mail with the shipped vocabulary."""
    return replace(env, parser=_parser()) if env.settings.rules_directory == shipped("rules") else env
