"""Which steps of scripts/test count for scripts/demo."""

import unittest

from harness.checks import turnaround


class Shared(unittest.TestCase):
    """What was printed by a run in a fresh clone."""

    def test_steps(self):
        taken = [("unpacking linux-source-7.3_7.3.4-1~bpo13+1.deb", 21),
                 ("making a git tree of it", 80),
                 ("unpacking clang-23 1:23.1.4-2", 9),
                 ("building scripts/bench-guest/", 3),
                 ("building Linux 7.3.4 unpatched, to be measured, config production", 390),
                 ("building selftests/", 10),
                 ("building Linux 7.3.4 unpatched, config debug", 465),
                 ("building Linux 7.3.4 with the series, config debug", 47),
                 ("37 cases on unpatched, 98 cases on patched", 340)]
        self.assertEqual(turnaround.shared(taken), 21 + 80 + 10 + 465 + 47)


if __name__ == "__main__":
    unittest.main()
