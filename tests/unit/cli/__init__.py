# SPDX-License-Identifier: EUPL-1.2
"""The command line, on a real database and archive in a temporary folder."""
