"""Where it comes from: the only place for grpc, protobuf, cryptography and kubernetes."""
