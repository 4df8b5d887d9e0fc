"""The interactive terminal debugger for gRPC proxyless service meshes."""

__version__ = "0.1.0"
