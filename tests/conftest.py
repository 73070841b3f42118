# SPDX-License-Identifier: EUPL-1.2
"""What every test may use: real mail and database servers, each started only when a test asks for it."""

from tests.doubles.composed import compose_once

pytest_plugins = ["tests.servers.fixtures", "tests.corpus"]

compose_once()
