"""Live channels, subchannels, servers and the certificates of their peers, by channelz (gRFC A14)."""
