"""What is read with the line down: the union's articles, as typed content.

Files come in, values come out, and every problem of every file is told at once. Nothing here
knows about sessions, devices or the firewall, and nothing here imports another folder of
this project.
"""
