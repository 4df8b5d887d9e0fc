"""Where it comes from: the only place for grpc, protobuf, cryptography and kubernetes.

Importing anything from here sets what gRPC's C core reads once, when it is first imported: its log would be written to
standard error, which is the screen of a terminal program, and so would the warnings of its fork handlers whenever a
child process is started.
"""

from __future__ import annotations

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
