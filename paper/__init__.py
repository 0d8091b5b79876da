"""What is printed for a house: the poster, the rules, the handover sheet. As PDF.

What a sheet says is decided apart from how it is drawn. Needs the extra `[paper]`; the daemon
never loads it.
"""
