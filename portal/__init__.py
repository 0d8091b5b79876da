"""The gateway's daemon and the operator's command.

`gateway` decides, `runner` carries out, `user_portal` and `api` talk to phones, `equipment`
tells devices apart, `session_log` remembers, `control` and `__main__` serve operators.
"""

__version__ = "0.1.0"
