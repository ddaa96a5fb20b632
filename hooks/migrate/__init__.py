"""Taking over from ToolHive's own operator, and going back to it.

command     the cluster -> refused; or a plan, shown or carried out
checks      when nothing may be done at all
schemas     the cluster's CRDs beside our own: fields that one keeps and the other doesn't know
load        the parents, and the kinds of their children, read into memory
directions  over and back: what is owned, and finalizers -> a plan of single writes
operator_record  a child that the old operator made -> what it had asked for
"""
