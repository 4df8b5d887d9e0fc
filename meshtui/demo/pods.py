"""What the demo mesh consists of: its pods, their addresses and files. Standard library only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from meshtui.demo.istio.workload import NAMESPACE, MeshWorkload

GRPC_PORT = 17070
"""Container port of the xDS server."""

ADMIN_PORT = 17171
"""Container port of the plain server: ForwardEcho, CSDS, channelz, health, reflection."""

AGENT_PORT = 15020
"""The agent's HTTP port."""

DISCOVERY_PORT = 15010
"""istiod's plaintext xDS port; the demo's CA is served there too."""

LONGEST_SOCKET_PATH = 100
"""Room for a Unix socket's path: 107 bytes on Linux, 103 on macOS; a little is left for safety."""

ISTIO_VERSION = "1.29.1"
"""The release whose shapes the demo follows; it is shown in the node's metadata."""

CALLED = "xds:///echo.echo-grpc.svc.cluster.local:7070"
"""What the client keeps calling."""

ALSO_CALLED = "xds:///greeter.echo-grpc.svc.cluster.local:7070"
"""What it calls besides where its agent evicts: a second target is a second stream."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the parent wants."""

    manifests: str
    """Where the manifests are taken from."""
    copy: bool
    """Whether they are copied into the mesh's own directory, as a scenario's are."""
    certificate_seconds: float
    evicts: bool = False
    """Whether agents serve one ADS stream only, as Istio's do, to apps that open two."""

    def to_json(self) -> str:
        """The order as it is passed on the command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Order:
        """The order as the supervisor reads it."""
        return Order(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Listening:
    """Where one pod listens."""

    ip: str
    grpc: int
    admin: int
    agent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPlan:
    """Everything the two processes of a pod are told. Paths are text, as it travels as JSON."""

    name: str
    service_account: str
    version: str
    locality: str
    """Where it claims to run: ``region/zone/subzone``."""
    listening: Listening
    directory: str
    istiod: str
    certificate_seconds: float
    evicts: bool = False
    """Whether its agent serves one ADS stream only."""
    calls: tuple[str, ...] = ()
    """The URLs it calls all the time; none for a pod that only serves. A caller has no xDS server."""
    called: tuple[Listening, ...] = ()
    """Where the pods behind those URLs listen."""

    @property
    def labels(self) -> dict[str, str]:
        """The pod's Kubernetes labels."""
        return {"app": self.name if self.calls else "echo", "version": self.version}

    @property
    def bootstrap(self) -> Path:
        """gRPC's bootstrap file."""
        return Path(self.directory, "grpc-bootstrap.json")

    @property
    def certificates(self) -> Path:
        """The directory of the three certificate files (the agent's OUTPUT_CERTS)."""
        return Path(self.directory, "certs")

    @property
    def ads_socket(self) -> Path:
        """The agent's Unix socket."""
        return Path(self.directory, "XDS")

    @property
    def token_file(self) -> Path:
        """The service account token with which the agent asks for certificates."""
        return Path(self.directory, "token")

    @property
    def workload(self) -> MeshWorkload:
        """The pod as the control plane sees it."""
        listening = self.listening
        ports = ((GRPC_PORT, listening.grpc), (ADMIN_PORT, listening.admin), (AGENT_PORT, listening.agent))
        labels = tuple(sorted(self.labels.items()))
        return MeshWorkload(
            name=self.name,
            namespace=NAMESPACE,
            service_account=self.service_account,
            labels=labels,
            ip=listening.ip,
            locality=self.locality,
            ports=ports,
        )

    def to_json(self) -> str:
        """The plan as it is passed to the pod's processes."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> PodPlan:
        """The plan as a process reads it."""
        values = json.loads(text)
        called = tuple(Listening(**listening) for listening in values["called"])
        listening, calls = Listening(**values["listening"]), tuple(values["calls"])
        return PodPlan(**{**values, "listening": listening, "calls": calls, "called": called})


@dataclass(frozen=True, slots=True)
class IstiodPlan:
    """Everything the control plane is told."""

    address: str
    manifests: str
    directory: str
    pods: tuple[PodPlan, ...]

    def to_json(self) -> str:
        """The plan as it is passed to the process."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> IstiodPlan:
        """The plan as the process reads it."""
        values = json.loads(text)
        pods = tuple(PodPlan.from_json(json.dumps(pod)) for pod in values["pods"])
        return IstiodPlan(values["address"], values["manifests"], values["directory"], pods)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A running pod, as those see it who look at the mesh from outside."""

    admin: str
    """``host:port`` of ForwardEcho, CSDS, channelz, health and reflection: what to attach to."""
    echo: str | None
    """``host:port`` of the xDS server; None for a pod that only calls."""
    agent: str
    """``http://host:port`` of the agent."""
    bootstrap: Path
    certs: Path

    def to_json(self) -> dict[str, str | None]:
        """The pod in the form of the headless contract."""
        return {
            "admin": self.admin,
            "echo": self.echo,
            "agent": self.agent,
            "bootstrap": str(self.bootstrap),
            "certs": str(self.certs),
        }

    @staticmethod
    def from_json(values: dict[str, str | None]) -> Pod:
        """The pod as the supervisor announces it."""
        texts = {key: value or "" for key, value in values.items()}
        return Pod(
            admin=texts["admin"],
            echo=values["echo"],
            agent=texts["agent"],
            bootstrap=Path(texts["bootstrap"]),
            certs=Path(texts["certs"]),
        )


def announced(plan: PodPlan) -> Pod:
    """What is told to the outside about a planned pod."""
    at = plan.listening
    return Pod(
        admin=f"{at.ip}:{at.admin}",
        echo=None if plan.calls else f"{at.ip}:{at.grpc}",
        agent=f"http://{at.ip}:{at.agent}",
        bootstrap=plan.bootstrap,
        certs=plan.certificates,
    )
