# SPDX-License-Identifier: EUPL-1.2
"""Tests of decisions: no servers, no network."""
