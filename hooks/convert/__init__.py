"""Manifests of ToolHive 0.3 to 0.44 in v1beta1 and its current fields, line by line as they are where nothing changes.

`convert_command` (command.py) is the whole of it, but for the command line. Data flows one way:

    sources                    paths     -> Source     files, their documents and objects
    objects, workload,         object    -> object     values alone; each field in its own module
    oidc, telemetry            field     -> Wanted     a config object that is asked for
    configs                    Wanted    -> name       which exist, which are shared, which are new
    rewrite, edits, layout     object    -> text       edits at the places of what differs
    comments                   field     -> text       its comments, at the same settings of the new object
    run                        Sources   -> Result     all of them, in this order
"""
