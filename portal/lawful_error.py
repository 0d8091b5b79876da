"""Why a key of the sealed record was not made, or a lawful request not answered."""


class LawfulError(Exception):
    """Nothing was made or opened; the text says why."""
