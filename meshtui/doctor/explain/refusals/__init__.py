"""What gRPC's own words for a refused resource (a NACK) mean in Istio's terms, by type of resource."""
