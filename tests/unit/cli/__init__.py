# SPDX-License-Identifier: EUPL-1.2
"""The command line, with a real database and archive in a temporary folder."""
