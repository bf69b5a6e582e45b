"""Which numbers commands take."""

import argparse
import unittest

from harness.arguments import at_least


class AtLeast(unittest.TestCase):
    """Whole numbers that are large enough."""

    def test_taken(self):
        self.assertEqual([at_least(0)("0"), at_least(1)("30")], [0, 30])

    def test_refused(self):
        for text in ("0", "-1", "nan", "1.5", ""):
            with self.assertRaises(argparse.ArgumentTypeError):
                at_least(1)(text)


if __name__ == "__main__":
    unittest.main()
