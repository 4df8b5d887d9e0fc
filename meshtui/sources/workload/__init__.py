"""One workload's identity on this machine: its bootstrap and its certificates, joined."""
