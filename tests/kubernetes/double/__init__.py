"""A double of the Kubernetes API server: a real TLS server that answers as kube-apiserver 1.37 does.

What it says was copied from a real kube-apiserver 1.37 and its node. Nothing here is the product's: both would else err
alike. :func:`tests.kubernetes.double.running.running_double` starts one, :func:`tests.kubernetes.double.mesh.double_of`
one in front of a demo mesh.
"""
