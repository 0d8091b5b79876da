"""The whole system on one machine: an Internet, the access point and phones in namespaces.

Nothing here is imported by the daemon. The tests use the same laboratory as `portal demo`.
"""
