# SPDX-License-Identifier: EUPL-1.2
"""The contracts of the adapters, tested against servers that follow a script."""
