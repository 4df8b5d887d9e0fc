"""The way to one pod: its port with the admin services, and a channel there over a relay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from meshtui.model.address import Address
from meshtui.model.errors import MeshtuiError, ServiceMissing, TargetUnreachable
from meshtui.model.kubernetes.admin_ports import USUAL, AdminPorts, PortCandidate, admin_ports
from meshtui.model.kubernetes.forward import ForwardEndKind
from meshtui.model.kubernetes.pod_mesh import mesh_of
from meshtui.model.kubernetes.rights import FORWARD, rule_line
from meshtui.model.target import TargetOptions
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.grpc.channel import Channel, open_channel
from meshtui.sources.kubernetes.admin_port import NoAdminPort, find_admin_port
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.over_relay import Way
from meshtui.sources.kubernetes.port_forward import PodPort
from meshtui.sources.kubernetes.relay import Relay, open_relay
from meshtui.sources.kubernetes.resolved import Resolved, by_status, pod_words, port_in_pod, uid_of, why_not_reached
from meshtui.sources.kubernetes.rights import why_forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLink:
    """A channel to a port of the pod. ``first`` is the answer by which the port was found, ``None`` where it was named
    or serves no CSDS."""

    resolved: Resolved
    port: int
    channel: Channel
    address: Address
    way: Way
    config: CsdsSource
    first: Snapshot | None = None


@asynccontextmanager
async def open_pod(api: Api, resolved: Resolved, options: TargetOptions, *, needs_csds: bool) -> AsyncIterator[PodLink]:
    """A channel to the pod's admin port for the length of the block.

    The port is the first that serves CSDS, of those that are likely; without ``needs_csds`` one that serves gRPC will
    do. Raises ``TargetUnreachable`` where there is none, with what each of them said.
    """
    if (unreached := why_not_reached(resolved)) is not None:
        raise unreached
    async with AsyncExitStack() as stack:
        search = _Search(api, resolved, options)
        stack.push_async_callback(search.close)
        yield await search.link(needs_csds=needs_csds)


def _ports(resolved: Resolved, options: TargetOptions) -> AdminPorts:
    typed = options.cluster.port
    if resolved.pod is not None:
        return admin_ports(resolved.pod, typed if typed is None else port_in_pod(resolved, typed))
    if typed is not None:
        return AdminPorts((PortCandidate(typed, "as given"),), said=True)
    return AdminPorts((PortCandidate(USUAL, "the usual one, as the pod may not be read"),))


def _leads_to(resolved: Resolved, typed: int | None, port: int) -> str:
    """Where a Service's port leads, if another number than the pod's was typed; else nothing."""
    if typed in (None, port):
        return ""
    return f"Port {typed} of {resolved.reference} leads to port {port} of its pods."


class _ForAllPortsError(Exception):
    """What the cluster says of one port holds for all of them."""

    def __init__(self, error: MeshtuiError) -> None:
        super().__init__(str(error))
        self.error = error


class _Search:
    """Opens a relay and a channel for each port that is asked, and keeps the one that is wanted."""

    def __init__(self, api: Api, resolved: Resolved, options: TargetOptions) -> None:
        self._api = api
        self._resolved = resolved
        self._options = options
        self._links: dict[int, PodLink] = {}
        self._missing: list[int] = []
        """Ports that serve gRPC, and no CSDS."""
        self._opened: dict[int, AsyncExitStack] = {}

    async def close(self) -> None:
        """Close what is open still."""
        while self._opened:
            await self._opened.popitem()[1].aclose()

    async def link(self, *, needs_csds: bool) -> PodLink:
        """The link to the port that is meant. Raises ``TargetUnreachable``."""
        ports = _ports(self._resolved, self._options)
        try:
            found = await find_admin_port(ports, self._speaks_csds)
        except _ForAllPortsError as refused:
            raise await self._with_the_rule(refused.error) from None
        except NoAdminPort as none:
            if needs_csds or not self._missing:
                raise self._described(none, "CSDS" if needs_csds else "gRPC") from None
            return await self._kept(self._missing[0])
        if ports.said:
            await self._open(found.port)
        return await self._kept(found.port)

    async def _kept(self, port: int) -> PodLink:
        for other in [other for other in self._opened if other != port]:
            await self._opened.pop(other).aclose()
        return self._links[port]

    async def _speaks_csds(self, port: int) -> bool:
        """Whether CSDS is there. Raises ``MeshtuiError`` with what is there instead."""
        relay = await self._open(port)
        link = self._links[port]
        try:
            self._links[port] = replace(link, first=await link.config.poll())
        except MeshtuiError as error:
            if isinstance(error, ServiceMissing):
                self._missing.append(port)
            trouble = relay.trouble
            if trouble is None:
                raise await link.way.explained(error) from None
            if trouble.kind is ForwardEndKind.REFUSED and trouble.error is not None:
                raise _ForAllPortsError(trouble.error) from None
            raise TargetUnreachable(trouble.sentence, trouble.hint) from None
        return True

    async def _open(self, port: int) -> Relay:
        resolved, options = self._resolved, self._options
        stack = self._opened[port] = AsyncExitStack()
        place = PodPort(resolved.namespace, resolved.name, port, uid_of(resolved))
        relay = await stack.enter_async_context(open_relay(self._api, place))
        words = pod_words(resolved)
        address = replace(relay.address, text=words, port=port)
        channel = open_channel(address, options.tls, max_message=options.max_message)
        stack.push_async_callback(channel.close)
        self._links[port] = PodLink(
            resolved=resolved,
            port=port,
            channel=channel,
            address=address,
            way=Way(relay, words, self._what_to_do, _leads_to(resolved, options.cluster.port, port)),
            config=CsdsSource(
                channel, address, timeout=options.timeout, max_message=options.max_message, tls=options.tls.wanted
            ),
        )
        return relay

    async def _with_the_rule(self, error: MeshtuiError) -> MeshtuiError:
        """What the cluster said; where a right is missing, with the rule that grants it."""
        said = f"{pod_words(self._resolved)} cannot be reached. {error.what}"
        return TargetUnreachable(said, await self._what_to_do(error))

    async def _what_to_do(self, error: MeshtuiError) -> str:
        """What to try after no stream came about; where a right is missing, the rule that grants it."""
        if isinstance(error, ApiRefused) and error.code == 404 and self._resolved.pod is not None:
            return ""  # it was there: it has gone, and no other namespace has it
        if not (isinstance(error, ApiRefused) and error.lacks_right):
            return error.hint
        rule = await why_forbidden(self._api, self._resolved.namespace, FORWARD, pod=self._resolved.name)
        takes = f"No review of the user's rights tells what is missing; a forward takes {rule_line(FORWARD.rights)}."
        return rule or error.hint or takes

    def _described(self, none: NoAdminPort, wanted: str) -> MeshtuiError:
        """That no port serves what is wanted, with what is known of the pod."""
        pod = self._resolved.pod
        what, hint = none.said_of(pod_words(self._resolved), wanted), none.hint
        if pod is None:  # an annotation would be seen by nobody
            hint = "Which ports it has is not known, as the pod may not be read: --port names the right one."
        elif not (mesh := mesh_of(pod)).is_proxyless:
            hint = f"By its spec it is no proxyless pod: {mesh.why}. {hint}"
        kind = ServiceMissing if self._missing else TargetUnreachable
        return kind(f"{what}{by_status(self._resolved)}", hint)
