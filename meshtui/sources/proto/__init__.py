"""Envoy's messages: found by type name, as canonical JSON, and as far as gRPC acts on them."""
