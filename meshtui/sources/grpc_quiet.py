"""Settings gRPC's C core reads once, when it is first imported. Import this module before any ``import grpc``.

The C core writes its log to standard error, which is the screen of a terminal program, and its fork handlers warn
there whenever a child process is started.
"""

from __future__ import annotations

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
