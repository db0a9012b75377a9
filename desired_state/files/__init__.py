"""Files as Git has them: trees with their ids, the part that a root is given, its variables, the files to read.

Nothing here knows the fields of a manifest.
"""
