"""The pages a phone sees, from texts that people of the union can change.

Say what is true with a `View`, how it should look with a `Look`, and `Pages` gives bytes that
are ready to be sent. Nothing here knows about sessions, requests or the firewall.
"""
