"""One target over gRPC: its channel, calls on it, and failures as our own errors."""
