"""Istio's objects turned into the xDS resources that istiod sends to a proxyless gRPC client."""
