"""The staff site: where union staff write, approve and look after what phones are shown.

A process of its own, without privileges; the daemon serves phones and has nothing of it in
memory. Needs the extra `[publish]`.
"""
