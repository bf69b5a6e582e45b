"""The one exception that means: tell the user this line and stop."""


class Failure(Exception):
    """Its text is complete: what went wrong, and where to look."""
