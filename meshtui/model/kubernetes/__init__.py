"""What Kubernetes' objects, names and rules mean, as values; nothing here talks to a cluster."""
