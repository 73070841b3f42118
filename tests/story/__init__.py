# SPDX-License-Identifier: EUPL-1.2
"""Stories in simulated time: scenarios played through the live code path."""
