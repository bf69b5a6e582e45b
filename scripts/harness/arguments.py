"""Types of values on command lines, for argparse."""

import argparse


def at_least(least):
    """A whole number that is not below this one."""
    def number(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is no whole number from {least} on")
        return int(text)
    return number
