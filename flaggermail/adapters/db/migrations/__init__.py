# SPDX-License-Identifier: EUPL-1.2
"""Schema migrations, run by Alembic."""
