"""ForwardEcho: what is asked for, what came back, what became of every request."""
