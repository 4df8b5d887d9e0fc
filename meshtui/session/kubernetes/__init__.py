"""Which pod to look at: what is known of a cluster's pods while one is picked."""
