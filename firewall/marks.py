"""Bits of a packet's mark that are ours (docs/adr/0006). The others belong to whoever uses them."""

FORWARDED = 0x00800000
"""This packet was forwarded to a phone, not sent by the gateway itself."""

FROM_GARDEN = 0x00400000
"""Of a packet and of its connection: it belongs to the walled garden."""
