# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a service has to prove: a configuration that is valid, that it serves it, and that it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import health
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import ServiceError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description, Supervisor


def check_configuration(commands: Commands, description: Description) -> None:
    """Fail before anything is asked of the program where it would refuse what it is to read."""
    if description.reload is None or not description.reload.check:
        return
    result = commands.run(description.reload.check)
    if result.rc != 0:
        lines = [line.strip() for line in f"{result.out}\n{result.err}".splitlines() if line.strip()]
        raise ServiceError(
            f"{description.reload.check[0]} refuses the configuration of the service {description.name}, which goes on"
            f" with the one that it has: {' | '.join(description.without_secrets(lines))}"
        )


def prove_configuration(service: Supervisor, description: Description) -> None:
    """Fail unless the running program serves what it was told to read."""
    if description.reload is None:
        return
    problem = description.reload.wait()
    if problem is not None:
        raise ServiceError(
            f"The service {description.name} did not take its configuration within {description.reload.timeout}"
            f" seconds: {problem}{_end_of_log(service)}"
        )


def prove_health(service: Supervisor, description: Description, check: health.Check) -> None:
    """Fail unless the service can answer."""
    problem = health.wait(check)
    if problem is not None:
        raise ServiceError(
            f"The service {description.name} did not pass its health check {check.url} within {check.timeout} seconds:"
            f" {problem}{_end_of_log(service)}"
        )


def _end_of_log(service: Supervisor) -> str:
    """Return the end of a sentence about a failure."""
    words = service.last_words()
    return f"; the end of {service.log}: {' | '.join(words)}" if words else ""
