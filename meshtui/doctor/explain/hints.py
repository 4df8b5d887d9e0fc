"""What to try, where several errors have the same way out."""

from __future__ import annotations

from typing import Final

PORT_FORWARD: Final = "Is the app running, and if it is a pod, the port-forward (kubectl port-forward POD 17171)?"

GRPC_PORT: Final = "Attach to the app's gRPC port (17171 for Istio's echo)."

APP_LOG: Final = "The app or a proxy before it ended the call; look at its log, and try again."

RESTART: Final = "The app is probably stopping or being restarted: try again, and look at its log."
