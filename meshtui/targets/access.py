"""What the user may do in the namespace of a pod that is a target, beside any session with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshtui.model.kubernetes.reference import Kind
from meshtui.model.target import TargetOptions
from meshtui.targets.reach import Person, meant

if TYPE_CHECKING:
    from meshtui.model.kubernetes.access import AccessLadder


async def access_of(target: str, options: TargetOptions, person: Person) -> AccessLadder | None:
    """The ladder of the user's rights; ``None`` for an address. Raises ``MeshtuiError`` when nothing can be known."""
    said = meant(target, options)
    if said.reference is None:
        return None
    from meshtui.model.kubernetes.access import ladder_of
    from meshtui.sources.kubernetes.api import open_api
    from meshtui.sources.kubernetes.plugin_login import SILENT
    from meshtui.sources.kubernetes.rights import ask_rights

    # A role may be for one pod alone, by its name.
    pod = said.reference.name if said.reference.kind is Kind.POD else ""
    timeout = options.timeout
    async with open_api(said.options.cluster, timeout, login_prompt=person.login or SILENT) as api:
        return ladder_of(await ask_rights(api, api.context.namespace, pod=pod))
