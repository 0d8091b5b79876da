"""The doctor: looks whether this gateway can do its work, and says what to do where it cannot.

What was seen is judged apart from the looking (`networks`, `mounts`, `radio`, `dhcp`), and told in
two languages by `words`. Every look ends within seconds, and none raises.
"""
