"""The offline run: manifests in, desired objects out, to a fixed point, with no cluster.

`render_command` (command.py) is the whole of it, but for the command line. Data flows one way:

    manifests.load       paths     -> manifests    YAML and JSON as Kubernetes reads them
    simulator.admission  manifests -> objects      what an API server makes of a manifest
    simulator.run        objects   -> Result       every parent is synced until nothing changes
    output               Result    -> YAML, JSON or a summary
"""
