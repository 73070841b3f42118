# SPDX-License-Identifier: EUPL-1.2
"""Fixtures for every test: real mail and database servers, each started only when a test uses it."""

from tests.doubles.composed import compose_once

pytest_plugins = ["tests.servers.fixtures", "tests.corpus"]

compose_once()
