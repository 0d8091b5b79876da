"""The enforcement device (RFC 8952 §2.4): holds devices back, and lets them pass for a time.

Say what the network looks like with a `Plan`, ask for `Change`s, and hand both to an
`Enforcer`. Nothing here knows about pages, sessions, conditions or people, and nothing here
imports another folder of this project.
"""
