"""The xDS config a gRPC client holds, by its Client Status Discovery Service (gRFC A40)."""
