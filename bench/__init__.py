"""Measures the gateway beside its peers, in the same namespaces and in one run.

`python -m bench` (see `scripts/bench`) measures; README.md explains, and holds the table that a
run writes. Nothing here belongs to the product or its tests.
"""
