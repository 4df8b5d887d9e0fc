"""Sources that answer what a test wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from meshtui.model.errors import MeshtuiError
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from tests.world.clock import Clock
from tests.world.config import canary

NODE = NodeIdentity(
    id="sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local",
    user_agent="gRPC C-core linux",
    user_agent_version="C-core 1.85.1",
)


@dataclass
class ScriptedConfig:
    """A config source that answers what it was last told to."""

    clock: Clock
    resources: list[Resource] = field(default_factory=list)
    node: NodeIdentity = NODE
    error: MeshtuiError | None = None
    polls: int = 0
    closed: bool = False

    async def poll(self) -> Snapshot:
        self.polls += 1
        if self.error is not None:
            raise self.error
        by_key = {resource.key: resource for resource in self.resources}
        return Snapshot(taken_at=self.clock(), node=self.node, resources=MappingProxyType(by_key))

    def as_json(self, resource: Resource) -> str:
        return json.dumps(_plain(resource.body), indent=2, default=lambda value: value.name)

    async def close(self) -> None:
        self.closed = True

    def replace(self, *changed: Resource) -> None:
        """Put resources in the place of those with the same key; new ones at the end."""
        for resource in changed:
            places = [at for at, old in enumerate(self.resources) if old.key == resource.key]
            if places:
                self.resources[places[0]] = resource
            else:
                self.resources.append(resource)

    def remove(self, type_: str, name: str) -> None:
        self.resources = [
            resource for resource in self.resources if (resource.key.type, resource.key.name) != (type_, name)
        ]


@dataclass
class AnsweredConfig:
    """A config source that answers with what the test puts into ``answer``."""

    answer: Snapshot | MeshtuiError = field(default_factory=canary)
    polls: int = 0
    closed: bool = False

    async def poll(self) -> Snapshot:
        self.polls += 1
        if isinstance(self.answer, MeshtuiError):
            raise self.answer
        return self.answer

    def as_json(self, resource: Resource) -> str:
        return f'{{"name": "{resource.key.name}"}}'

    async def close(self) -> None:
        self.closed = True


def _plain(value: Any) -> Any:
    """Named tuples as objects, all the way down."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
