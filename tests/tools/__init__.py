# SPDX-License-Identifier: EUPL-1.2
"""The programs that `./dev` runs in addition to the linters."""
