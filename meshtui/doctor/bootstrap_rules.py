"""All rules over a bootstrap, in the order a person would check."""

from __future__ import annotations

from typing import Final

from meshtui.doctor import bootstrap, bootstrap_node, bootstrap_providers, bootstrap_servers
from meshtui.doctor.bootstrap import BootstrapState
from meshtui.doctor.registry import Rule, run
from meshtui.model.finding import Finding

RULES: Final[tuple[Rule[BootstrapState], ...]] = (
    bootstrap.unreadable,
    bootstrap.both_variables,
    bootstrap.wrong_type,
    bootstrap.duplicate_key,
    bootstrap.unknown_field,
    bootstrap_servers.no_server,
    bootstrap_servers.several_servers,
    bootstrap_servers.addresses,
    bootstrap_servers.credentials,
    bootstrap_servers.features,
    bootstrap_node.missing,
    bootstrap_node.id_shape,
    bootstrap_node.id_agrees,
    bootstrap_node.id_unique,
    bootstrap_node.generator,
    bootstrap_node.secrets,
    bootstrap_providers.undefined,
    bootstrap_providers.plugins,
    bootstrap_providers.files,
    bootstrap_providers.refresh_interval,
    bootstrap_providers.mismatch,
    bootstrap.listener_templates,
    bootstrap.authorities,
)


def check_bootstrap(state: BootstrapState) -> tuple[Finding, ...]:
    """Everything that can be said about a bootstrap, worst first."""
    return run(RULES, state)
