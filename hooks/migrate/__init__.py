"""Taking over from ToolHive's own operator, and going back to it.

command   what the cluster holds -> refused, or a plan, or a plan carried out
checks    when nothing may be done at all
plan      servers, their children and shared configs -> changes, each one write
reference a child that the old operator made -> what it had asked for
"""
