# SPDX-License-Identifier: EUPL-1.2
"""What the desk makes of mails that its lists were not made from does not get worse."""

import pytest

from tests.tools.invented_mails import KEPT, measured


@pytest.mark.slow
def test_no_more_mails_come_out_wrong_than_are_kept() -> None:
    """Each figure is at most the kept one; `python -m tests.tools.invented_mails --keep` tightens them."""
    wrong = {figure: sorted(name for name, bad in mails.items() if bad) for figure, mails in measured().items()}
    assert wrong.keys() == KEPT.keys()
    assert {figure: names for figure, names in wrong.items() if len(names) > KEPT[figure]} == {}
