"""Types of values on command lines, for argparse."""


def at_least(least):
    """A whole number that is not below this one."""
    def number(text):
        value = int(text)
        if value < least:
            raise ValueError
        return value
    return number
