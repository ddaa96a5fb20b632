"""The commands of the command line, by what they work on; hooks/cli.py puts them together.

manifests   files, without a cluster: render, convert
cluster     the user's cluster: diff, status, check, migrate
options     what several of them take, and the settings
"""
