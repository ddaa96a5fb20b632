"""What is in a cluster, as trees: servers with what they need and what was made for them, configs with their users.

command     what is read, where it is written, and the exit code
observed    the objects that a tree is made from, read with the user's rights
"""
