"""The app process of a pod: the echo service on an xDS server and on a plain one.

Run as ``python -m meshtui.demo.echo_app PLAN`` with a PodPlan in JSON and GRPC_XDS_BOOTSTRAP set.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc_csds
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from meshtui.demo import caller
from meshtui.demo.echo_reply import Call, Server, reply
from meshtui.demo.events import DemoEventKind
from meshtui.demo.forwarder import Forwarder, ForwardError
from meshtui.demo.headers_first import HeadersFirst
from meshtui.demo.lifeline import emit, hold
from meshtui.demo.pods import ADMIN_PORT, GRPC_PORT, PodPlan
from meshtui.demo.ports import POLL_SECONDS, wait_for_port
from meshtui.protos import echo_pb2

SERVICE = "proto.EchoTestService"

_ADMIN_THREADS = 64
"""Each attached debugger's status stream, health watch or ForwardEcho holds a thread for as long as it runs."""

_ECHO_THREADS = 8
"""An echo is answered at once; a few threads keep up with what two cores can send."""

_SERVER_OPTIONS = (("grpc.so_reuseport", 0),)
"""Two apps on one port would share its traffic in silence: the second shall fail instead."""


class EchoTest:
    """The service's two methods."""

    def __init__(self, server: Server, forwarder: Forwarder) -> None:
        self._server = server
        self._forwarder = forwarder

    def echo(self, request: Any, context: Any) -> Any:
        """Answer with what was received and who answers."""
        call = Call(request.message, _authority(context), context.invocation_metadata(), context.peer())
        return echo_pb2.EchoResponse(message=reply(self._server, call))

    def forward_echo(self, request: Any, context: Any) -> Any:
        """Send the set of requests; one failure fails them all with status UNKNOWN, as Istio's app does."""
        gone = threading.Event()
        context.add_callback(gone.set)
        try:
            return echo_pb2.ForwardEchoResponse(output=self._forwarder.forward(request, gone))
        except ForwardError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    def handler(self) -> grpc.GenericRpcHandler:
        """The service for a server."""
        methods: dict[str, Any] = {
            "Echo": grpc.unary_unary_rpc_method_handler(
                self.echo, echo_pb2.EchoRequest.FromString, echo_pb2.EchoResponse.SerializeToString
            ),
            "ForwardEcho": grpc.unary_unary_rpc_method_handler(
                self.forward_echo,
                echo_pb2.ForwardEchoRequest.FromString,
                echo_pb2.ForwardEchoResponse.SerializeToString,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)


def _authority(context: Any) -> str:
    """The call's authority. grpcio has it but no public way to it; without it the Host line is left out."""
    event = getattr(context, "_rpc_event", None)
    host = getattr(getattr(event, "call_details", None), "host", b"")
    return host.decode("latin-1") if isinstance(host, bytes) else str(host)


def _identity(plan: PodPlan, container_port: int) -> Server:
    return Server(
        hostname=plan.name,
        version=plan.version,
        port=container_port,
    )


def _add_health(server: grpc.Server) -> None:
    servicer = health.HealthServicer(experimental_thread_pool=ThreadPoolExecutor(_ECHO_THREADS))
    for name in ("", SERVICE):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def plain_server(plan: PodPlan, forwarder: Forwarder) -> grpc.Server:
    """The server without xDS: what a person forwards a port to."""
    server = grpc.server(ThreadPoolExecutor(_ADMIN_THREADS), options=_SERVER_OPTIONS)
    server.add_generic_rpc_handlers((EchoTest(_identity(plan, ADMIN_PORT), forwarder).handler(),))
    _add_health(server)
    grpc_csds.add_csds_servicer(server)
    channelz.add_channelz_servicer(server)
    names = (
        SERVICE,
        health.SERVICE_NAME,
        "grpc.channelz.v1.Channelz",
        "envoy.service.status.v3.ClientStatusDiscoveryService",
        reflection.SERVICE_NAME,
    )
    reflection.enable_server_reflection(names, server)
    server.add_insecure_port(f"{plan.listening.ip}:{plan.listening.admin}")
    return server


def xds_server(plan: PodPlan, forwarder: Forwarder) -> grpc.Server:
    """The server whose TLS and authorization come over xDS; its port opens when its listener arrives."""
    pool = ThreadPoolExecutor(_ECHO_THREADS)
    server = grpc.server(pool, interceptors=[HeadersFirst()], options=_SERVER_OPTIONS, xds=True)
    server.add_generic_rpc_handlers((EchoTest(_identity(plan, GRPC_PORT), forwarder).handler(),))
    _add_health(server)
    credentials = grpc.xds_server_credentials(grpc.insecure_server_credentials())
    server.add_secure_port(f"{plan.listening.ip}:{plan.listening.grpc}", credentials)
    return server


def _wait_for_agent(plan: PodPlan) -> None:
    """Wait for the bootstrap and the certificates, as Kubernetes holds an app back until its agent is ready."""
    needed = [plan.bootstrap, *(plan.certificates / name for name in ("cert-chain.pem", "root-cert.pem"))]
    while not all(path.is_file() for path in needed):
        time.sleep(POLL_SECONDS)


def main(plan: PodPlan) -> None:
    """Serve until the process is ended."""
    _wait_for_agent(plan)
    forwarder = Forwarder()
    servers = [plain_server(plan, forwarder)]
    if plan.calls:
        caller.start(plan.calls, plan.called)
    else:
        servers.append(xds_server(plan, forwarder))
    for server in servers:
        server.start()
    emit(DemoEventKind.LISTENING, address=f"{plan.listening.ip}:{plan.listening.admin}")
    if not plan.calls:
        wait_for_port(plan.listening.ip, plan.listening.grpc)
    emit(DemoEventKind.SERVING, address=f"{plan.listening.ip}:{plan.listening.grpc}")
    for server in servers:
        server.wait_for_termination()


if __name__ == "__main__":
    hold()
    main(PodPlan.from_json(sys.argv[1]))
