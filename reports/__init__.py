"""Reports: what was recorded, what it cost, and the document about it.

Reads what the others wrote down and never runs in the daemon. Needs the extra `[reports]`.
"""
