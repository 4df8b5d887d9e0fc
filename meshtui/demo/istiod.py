"""The control plane process: reads manifests, serves ADS and the certificate authority.

Run as ``python -m meshtui.demo.istiod PLAN`` with an IstiodPlan in JSON.
"""

from __future__ import annotations

import asyncio
import hmac
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from envoy.service.discovery.v3 import discovery_pb2

from meshtui.demo import ads, ca
from meshtui.demo.ca_messages import CREATE_CERTIFICATE, CertificateRequest, CertificateResponse
from meshtui.demo.checks import unresolved
from meshtui.demo.events import DemoEventKind
from meshtui.demo.istio.origin import Note
from meshtui.demo.lifeline import emit, hold
from meshtui.demo.manifests import ManifestDirectory, Problem
from meshtui.demo.pods import IstiodPlan
from meshtui.demo.xds.names import STREAM
from meshtui.model.clock import utc_now

LOOK_SECONDS = 0.04
"""How often the manifests are looked at. An edit is read when two looks agree, so that a file half written
by an editor is not: at most three looks after it, well within 0.3 s."""

SHORTEST_LIFETIME = timedelta(seconds=2)
LONGEST_LIFETIME = timedelta(days=1)
"""Bounds of a certificate's lifetime: what can be rotated in time, and Istio's own default."""


class ManifestWatch:
    """Keeps the configuration in step with the directory, and tells what could not be used."""

    def __init__(self, plan: IstiodPlan) -> None:
        self._directory = ManifestDirectory(Path(plan.manifests))
        self._workloads = tuple(pod.workload for pod in plan.pods)
        self._unreadable = False
        self._told: set[Note] = set()
        self._scan()
        self.configuration = ads.Configuration(
            self._directory.config(self._workloads), f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"
        )
        self._tell_unresolved()

    def _scan(self) -> bool:
        try:
            changed, problems, notes = self._directory.scan()
        except OSError as error:
            if not self._unreadable:
                problem = Problem(".", 1, f"the manifest directory cannot be read: {error.strerror}")
                emit(DemoEventKind.MANIFEST_ERROR, **asdict(problem))
            self._unreadable = True
            return False
        self._unreadable = False
        for problem in problems:
            emit(DemoEventKind.MANIFEST_ERROR, **asdict(problem))
        for note in notes:
            emit(DemoEventKind.MANIFEST_NOTE, **asdict(note))
        return changed

    def _tell_unresolved(self) -> None:
        found = set(unresolved(self.configuration.current))
        for note in sorted(found - self._told, key=lambda note: (note.file, note.line, note.reason)):
            emit(DemoEventKind.MANIFEST_NOTE, **asdict(note))
        self._told = found

    async def run(self) -> None:
        """Look, and apply what changed, for ever."""
        before: object = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                now: object = self._directory.stamps()
            except OSError:
                now = None
            if now == before and self._scan():
                config = self._directory.config(self._workloads)
                if config == self.configuration.current:
                    emit(DemoEventKind.CONFIG_UNCHANGED)
                else:
                    self.configuration.replace(config)
                    emit(DemoEventKind.CONFIG_APPLIED, version=self.configuration.version)
                    self._tell_unresolved()
            before = now


class Certificates:
    """Serves CreateCertificate. Who asks is known by the token that only the pod's agent was given."""

    def __init__(self, plan: IstiodPlan, authority: ca.CertificateAuthority) -> None:
        self._authority = authority
        self._identities = {
            pod.token_file.read_text(encoding="ascii").strip(): pod.workload.identity for pod in plan.pods
        }

    async def create(self, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """Sign a request for the caller's identity."""
        metadata = dict(context.invocation_metadata() or ())
        token = str(metadata.get("authorization", "")).removeprefix("Bearer ")
        identity = next(
            (known for secret, known in self._identities.items() if hmac.compare_digest(secret, token)), None
        )
        if identity is None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "authentication failure")
            raise AssertionError  # abort never returns
        lifetime = timedelta(seconds=request.validity_duration)
        lifetime = min(max(lifetime, SHORTEST_LIFETIME), LONGEST_LIFETIME)
        try:
            chain = self._authority.sign(request.csr.encode(), identity, lifetime, utc_now())
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"CSR signing error: {error}")
        return CertificateResponse(cert_chain=chain)


def _handlers(watch: ManifestWatch, certificates: Certificates) -> tuple[grpc.GenericRpcHandler, ...]:
    async def discover(requests: Any, context: Any) -> None:
        await ads.serve_stream(requests, watch.configuration, emit, context.write)

    ads_service, ads_method = STREAM[1:].split("/")
    ca_service, ca_method = CREATE_CERTIFICATE[1:].split("/")
    stream = grpc.stream_stream_rpc_method_handler(
        discover,
        request_deserializer=discovery_pb2.DiscoveryRequest.FromString,
        response_serializer=discovery_pb2.DiscoveryResponse.SerializeToString,
    )
    create = grpc.unary_unary_rpc_method_handler(
        certificates.create,
        request_deserializer=CertificateRequest.FromString,
        response_serializer=CertificateResponse.SerializeToString,
    )
    return (
        grpc.method_handlers_generic_handler(ads_service, {ads_method: stream}),
        grpc.method_handlers_generic_handler(ca_service, {ca_method: create}),
    )


async def serve(plan: IstiodPlan) -> None:
    """Serve until the process is ended. The configuration is complete before the port opens: a client that
    connected earlier would be told that what it runs on does not exist."""
    watch = ManifestWatch(plan)
    certificates = Certificates(plan, ca.load_or_create(Path(plan.directory), utc_now()))
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(_handlers(watch, certificates))
    server.add_insecure_port(plan.address)
    await server.start()
    emit(DemoEventKind.SERVING, address=plan.address)
    await watch.run()


if __name__ == "__main__":
    hold()
    asyncio.run(serve(IstiodPlan.from_json(sys.argv[1])))
