# SPDX-License-Identifier: EUPL-1.2
"""flaggermail keeps the record of an election flagger's shared mailbox."""

__version__ = "0.1.0"
