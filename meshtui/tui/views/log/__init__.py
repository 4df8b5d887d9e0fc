"""View 8: what the mesh's agent in a pod writes."""
