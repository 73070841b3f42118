# SPDX-License-Identifier: EUPL-1.2
"""The schema's history, for Alembic."""
