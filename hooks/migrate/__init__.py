"""Taking over from ToolHive's own operator, going back to it, and objects in their current fields.

command     the cluster -> refused; or a plan, shown or carried out
checks      when nothing may be done at all
operators   the old operator: where it works, whether it runs, its release
schemas     the cluster's CRDs beside our own: fields that one keeps and the other doesn't know
load        the parents, and the kinds of their children, read into memory
directions  over and back: what is owned, and finalizers -> a plan of single writes
operator_record  a child that the old operator made -> what it had asked for, by managed_fields
rolls       which pods restart once the hooks run
carry_out   the writes of a plan, with progress
dialects    the fields that an operator wouldn't know
copies      objects as a copy has them, where a CRD hides some of their fields
convert_command  objects in old fields -> rewrites -> a backup, then configs, then the objects
"""
