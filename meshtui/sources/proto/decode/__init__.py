"""The four xDS types out of their messages, reduced to what gRPC acts on."""
