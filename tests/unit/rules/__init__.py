# SPDX-License-Identifier: EUPL-1.2
"""Pure tests of the room of this name."""
