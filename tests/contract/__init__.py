# SPDX-License-Identifier: EUPL-1.2
"""What an adapter promises, shown by servers that follow a script."""
