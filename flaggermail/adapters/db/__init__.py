# SPDX-License-Identifier: EUPL-1.2
"""The store, on SQLite or PostgreSQL."""
