"""Copies pages of websites, so that they can be read with the line down.

For the machine that publishes, never for an access point: the libraries are those of the extra
`[publish]`. What a source is stands in `mirror.toml` (`sources`). Nothing here knows what
becomes of an article; `portal.mirror_commands` saves them.
"""
