"""The offline run: manifests in, desired objects out, to a fixed point, with no cluster.

`render_command` (command.py) is the whole of it, but for the command line. Data flows one way:

    load    paths     -> manifests    documents.py and scalars.py read YAML and JSON as Kubernetes does
    admit   manifests -> objects      what an API server makes of a manifest
    render  objects   -> Result       run.py; one parent's sync: sync.py; the hooks are asked in answers.py
    output  Result    -> YAML, JSON or a summary
"""
