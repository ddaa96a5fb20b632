"""What the hooks would change in a cluster, in the manner of `kubectl diff`. Nothing is written.

command   the cluster, read once -> its differences, and the exit code
files     manifests -> the objects that the API server would make of them, put in their place
preview   the same objects after the hooks ran over them, in memory, by Metacontroller's rules
show      a child as it is and as it would be -> unified text
"""
