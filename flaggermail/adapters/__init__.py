# SPDX-License-Identifier: EUPL-1.2
"""What stands behind the ports: the only modules that speak to servers, files and databases."""
