"""What scripts/bench demands of the output of pcm-contention."""

import unittest

from harness import bench_contention
from harness.failure import Failure

LINES = [f"contention\t{name}\t100" for name in bench_contention.DEMANDS]


def found(before, after, name):
    """All measurements alike but one."""
    same = bench_contention.parse(LINES)
    return {"unpatched": {**same, name: before}, "patched": {**same, name: after}}


class Contention(unittest.TestCase):
    """Parsing and demands."""

    def test_all_demands_met(self):
        name = "ms until SIGKILL ends a blocked HW_PARAMS"
        self.assertEqual(bench_contention.missed(found(700, 1, name)), [])

    def test_a_demand_that_is_not_met(self):
        name = "ms until SIGKILL ends a blocked HW_PARAMS"
        self.assertRegex(bench_contention.missed(found(700, 699, name))[0], "^ms until SIGKILL")

    def test_no_progress_is_a_miss(self):
        name = "PREPARE in a storm of writers, done"
        self.assertEqual(len(bench_contention.missed(found(5, 0, name))), 1)

    def test_a_measurement_that_is_missing(self):
        with self.assertRaises(Failure):
            bench_contention.parse(LINES[:-1])

    def test_a_broken_line(self):
        with self.assertRaises(Failure):
            bench_contention.parse(["contention\ta\tb", *LINES])
