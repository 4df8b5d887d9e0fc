"""How a connection that was forwarded to a pod's port ended, as a value.

gRPC only says "Socket closed" of it: the reason is known where the bytes are carried.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.phrases import shorten

LONGEST_QUOTE: Final = 300
"""Characters of a node's words in a sentence."""


class ForwardEndKind(StrEnum):
    """What ended a forwarded connection."""

    HERE = "closed here"
    POD = "closed by the pod"
    NOBODY_LISTENS = "nobody listens"
    POD_GONE = "pod gone"
    NODE = "the node's error"
    """It could not be forwarded, or not to its end, for another reason of the node's own."""
    REFUSED = "refused"
    """No stream came about: the API server was not reached, or refused it, or the node did."""
    CUT = "cut"
    """The websocket ended without a word, or with one that is no port-forward's."""
    SILENT = "silent"
    """Nothing came any more, not even answers to pings."""
    UNREADABLE = "unreadable"
    """What came is no port-forward."""


@dataclass(frozen=True, slots=True)
class ForwardEnd:
    """The end of one connection to ``port``.

    ``said`` is what the node or the server said of it, one harmless line; ``served`` is whether anything had come from
    the pod before; ``error`` is what kept a stream from coming about, of kind REFUSED alone.
    """

    kind: ForwardEndKind
    port: int
    _: KW_ONLY
    said: str = ""
    served: bool = False
    error: MeshtuiError | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the connection failed. A pod that answered and then closed it did nothing wrong: HTTP ends so."""
        if self.kind is ForwardEndKind.POD:
            return not self.served
        return self.kind is not ForwardEndKind.HERE

    @property
    def sentence(self) -> str:
        """What ended it, as a whole sentence."""
        quoted = shorten(self.said, LONGEST_QUOTE)
        match self.kind:
            case ForwardEndKind.HERE:
                return f"The connection to port {self.port} was closed here."
            case ForwardEndKind.POD:
                before = "" if self.served else " before anything came"
                return f"The pod's side closed the connection to port {self.port}{before}."
            case ForwardEndKind.NOBODY_LISTENS:
                return f"Nothing in the pod listens on localhost:{self.port} (connection refused)."
            case ForwardEndKind.POD_GONE:
                return f"The node does not run this pod any more: {quoted}."
            case ForwardEndKind.NODE:
                return f"The node ended the forward of port {self.port}: {quoted}."
            case ForwardEndKind.REFUSED:
                what = self.error.what if self.error is not None else quoted
                return what or f"Port {self.port} could not be forwarded."
            case ForwardEndKind.CUT:
                why = f": {quoted}" if quoted else ", without a reason"
                return f"The connection to the pod through the API server was cut{why}."
            case ForwardEndKind.SILENT:
                return f"Nothing comes through the API server any more, not even an answer to a ping: {quoted}."
            case ForwardEndKind.UNREADABLE:
                return f"What the API server, or a proxy before it, sent is no port-forward: {quoted}."

    @property
    def hint(self) -> str:
        """What to try, or empty."""
        if self.error is not None:
            return self.error.hint
        if self.kind is ForwardEndKind.NOBODY_LISTENS:
            return (
                "A port-forward reaches what listens on localhost or on all addresses, not on the pod's IP alone;"
                " --port names another port."
            )
        return HINTS.get(self.kind, "")


HINTS: Final = {
    ForwardEndKind.POD: "It may want TLS (--tls), or speak something else than gRPC; --port names another port.",
    ForwardEndKind.POD_GONE: "kubectl get pods tells what there is now.",
    ForwardEndKind.NODE: "kubectl describe pod tells how the pod and its node are.",
    ForwardEndKind.CUT: "Try again; if it is always cut, a proxy or load balancer before the API server may do it.",
    ForwardEndKind.SILENT: "Is the network up? A new connection is made by itself.",
    ForwardEndKind.UNREADABLE: "A proxy before the API server may change what is sent; go round it if there is one.",
}
"""What to try after each end that is not explained by an error of its own."""


def end_said_by_node(said: str, port: int, *, served: bool) -> ForwardEnd:
    """What a node's words on the error channel mean; ``said`` is one harmless line.

    The words are those of the container runtime: containerd's and CRI-O's ``failed to connect to localhost:9 inside
    namespace …: … connection refused``, CRI-O's older ``socat … Connection refused``, and of a sandbox that is gone
    ``failed to find sandbox …: not found`` and ``network namespace for sandbox … is closed``.
    """
    words = said.lower()
    why = _without_sandbox(said)
    if "connection refused" in words:
        return ForwardEnd(ForwardEndKind.NOBODY_LISTENS, port, said=why, served=served)
    if any(gone in words for gone in _GONE) and "sandbox" in words:
        return ForwardEnd(ForwardEndKind.POD_GONE, port, said=why, served=served)
    return ForwardEnd(ForwardEndKind.NODE, port, said=why, served=served)


_GONE: Final = ("failed to find sandbox", " is closed", "not found")


def _without_sandbox(said: str) -> str:
    """The words behind ``error forwarding port 9 to pod SANDBOX, uid UID: ``, which names a number nobody knows."""
    head, between, rest = said.partition(", uid ")
    if not between or not head.startswith("error forwarding port "):
        return said.rstrip(".")
    return rest.partition(": ")[2].strip().rstrip(".") or said
