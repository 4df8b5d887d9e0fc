"""What a finding is about, as a value: a screen leads there, a document writes its words."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.xds.resource import ResourceKey


@dataclass(frozen=True, slots=True)
class ResourceSubject:
    """A resource the client asked for; ``part`` names what of it is meant, such as one filter chain."""

    key: ResourceKey
    part: str = ""

    @property
    def words(self) -> str:
        """The part's name, or the resource's."""
        return self.part or self.key.name


@dataclass(frozen=True, slots=True)
class BootstrapSubject:
    """The value at a JSON path of the bootstrap; an empty path is the whole of it."""

    path: str = ""

    @property
    def words(self) -> str:
        """``bootstrap:node.id``, or ``bootstrap`` for the whole."""
        return f"bootstrap:{self.path}" if self.path else "bootstrap"


@dataclass(frozen=True, slots=True)
class FileSubject:
    """A file on the workload's disk."""

    path: str

    @property
    def words(self) -> str:
        """The path."""
        return self.path


@dataclass(frozen=True, slots=True)
class AddressSubject:
    """Something that is reached at an address: a peer of the app's calls, or the agent."""

    address: str

    @property
    def words(self) -> str:
        """The address."""
        return self.address


@dataclass(frozen=True, slots=True)
class ChannelSubject:
    """A channel of the app, by the target it was made for."""

    target: str

    @property
    def words(self) -> str:
        """The target."""
        return self.target


@dataclass(frozen=True, slots=True)
class ConnectionSubject:
    """A live TLS connection of the workload, named by its other end: an address, or whose end it is."""

    other_end: str

    @property
    def words(self) -> str:
        """The other end."""
        return self.other_end


@dataclass(frozen=True, slots=True)
class ClientSubject:
    """The client itself, by its node id."""

    node_id: str

    @property
    def words(self) -> str:
        """The node id."""
        return self.node_id


@dataclass(frozen=True, slots=True)
class ClockSubject:
    """The clock of the machine the workload runs on."""

    @property
    def words(self) -> str:
        """``clock``."""
        return "clock"


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """A check, or another part of a look, that failed within meshtui."""

    name: str

    @property
    def words(self) -> str:
        """The name of the check."""
        return self.name


Subject = (
    ResourceSubject
    | BootstrapSubject
    | FileSubject
    | AddressSubject
    | ChannelSubject
    | ConnectionSubject
    | ClientSubject
    | ClockSubject
    | CheckSubject
)
"""Everything a finding can be about; made for ``match``. Each has ``words``, the text in JSON and on screens."""
