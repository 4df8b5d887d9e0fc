"""istio-agent over HTTP: readiness and its own metrics."""
