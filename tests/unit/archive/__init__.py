# SPDX-License-Identifier: EUPL-1.2
"""Names, lists and metadata of dossiers."""
