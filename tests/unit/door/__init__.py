# SPDX-License-Identifier: EUPL-1.2
"""Pure tests of the package with this name."""
