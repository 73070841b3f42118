# SPDX-License-Identifier: EUPL-1.2
"""What `./dev` runs besides the linters."""
