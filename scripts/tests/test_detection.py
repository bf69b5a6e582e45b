"""The verdict on how soon a race shows."""

import unittest

from harness import detection, verdict
from harness.verdict import Verdict


def _hits(*seconds):
    return [Verdict(verdict.FAILED, "hit after 1 rounds, 9 ms: torn", value) for value in seconds]


class Row(unittest.TestCase):
    """The line about one case in several boots."""

    def test_soon(self):
        """The median decides, not the slowest."""
        row, soon = detection.row("case", _hits(0.1, 9.0, 0.3))
        self.assertEqual(row, ("case", "3 of 3", "0.3", "9.0"))
        self.assertTrue(soon)

    def test_late(self):
        """A median above the limit is late."""
        self.assertFalse(detection.row("case", _hits(6.0, 7.0, 0.3))[1])

    def test_missed(self):
        """A boot that shows nothing counts as later than any that does."""
        missed = Verdict(verdict.PASSED, "no hit", 12.0)
        row, soon = detection.row("case", [missed, missed, *_hits(0.2)])
        self.assertEqual(row, ("case", "1 of 3", "-", "-"))
        self.assertFalse(soon)


if __name__ == "__main__":
    unittest.main()
