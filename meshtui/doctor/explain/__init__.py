"""gRPC's error texts in plain words, in one catalogue: what each means, and what to look at."""
