"""What is asked of a kernel that is older than some of the drivers."""

import unittest

from harness import source, subject, verdict


def excused(version, status):
    """Whether a case that ends like this is no fault on this kernel."""
    kernel = subject.Subject(source.Source(None, "", version), None, [])
    return kernel.excused(verdict.Verdict(status))


class Excused(unittest.TestCase):
    """Only a skip, and only where the kernel is older than snd-pcmtest."""

    def test_skip(self):
        self.assertTrue(excused("6.1.192", verdict.SKIPPED))
        for version in ("6.5.0", "6.12.117", "7.3.4"):
            self.assertFalse(excused(version, verdict.SKIPPED))

    def test_nothing_else(self):
        for status in (verdict.PASSED, verdict.FAILED, verdict.TIMEOUT, verdict.NO_OUTPUT):
            self.assertFalse(excused("6.1.192", status))


if __name__ == "__main__":
    unittest.main()
