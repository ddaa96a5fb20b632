"""Whether the installation in a cluster is well, point by point; docs/troubleshooting.md walks the same list.

command         all points, where they are written, and the exit code
point           one point, and how a check is run
crds            the CRDs
metacontroller  Metacontroller: its version and settings, and its rights
controllers     the CompositeControllers, and the hooks that they call: Service, TLS and token
calls           whether calls succeed, by events and statuses
"""
