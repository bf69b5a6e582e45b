"""What a range-diff may say about the mails, and what it may not."""

import unittest
from pathlib import Path

from harness import send_series

SENDER = "A Sender <sender@example.org>"

SIGNED = (Path(__file__).parent / "logs" / "signed.range-diff").read_text(encoding="utf-8")


class Unexpected(unittest.TestCase):
    """send_series.unexpected()"""

    def check(self, line, extra=""):
        """The line is what is reported, or nothing is."""
        found = send_series.unexpected(SIGNED + extra, SENDER)
        self.assertEqual(found, [line] if line else [])

    def test_author_and_sign_off(self):
        """what must change"""
        self.check(None)

    def test_same(self):
        """a patch that was the sender's already"""
        self.check(None, "2:  c4d86bdcf = 2:  182c84e5c ALSA: pcm: Lock linked streams\n")

    def test_missing(self):
        """a patch that no mail has"""
        line = "2:  c4d86bdcf < -:  --------- ALSA: pcm: Lock linked streams"
        self.check(line, line + "\n")

    def test_message(self):
        """another word in the commit message"""
        line = "    -    lock, then the stream lock."
        self.check(line, line + "\n")

    def test_code(self):
        """another line of code"""
        line = "    ++\trefcount_set(&group->refs, 2);"
        self.check(line, line + "\n")

    def test_other_signer(self):
        """somebody else's sign-off"""
        line = "    +    Signed-off-by: Somebody Else <else@example.org>"
        self.check(line, line + "\n")
