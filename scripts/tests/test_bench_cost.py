"""What scripts/bench concludes from the output of pcm-cost."""

import unittest
from pathlib import Path

from harness import bench_cost, console
from harness.bench_cost import Comparison, Cost, Key
from harness.failure import Failure

LOGS = Path(__file__).parent / "logs"


def measured(which):
    """The costs in a saved log."""
    boot = console.parse((LOGS / f"cost-{which}.log").read_text(encoding="utf-8"))
    return bench_cost.parse(line.text for line in boot.segments[0].output())


def compared():
    """Both saved logs, by streams and path."""
    return {(one.key.streams, one.key.path): one
            for one in bench_cost.compare({which: measured(which)
                                           for which in ("unpatched", "patched")})}


class Parsing(unittest.TestCase):
    """The program's lines."""

    def test_a_real_log(self):
        self.assertEqual(measured("patched")[Key("Dummy", 1, "SYNC_PTR")],
                         Cost(16, 10215, 10215))

    def test_other_lines_are_no_costs(self):
        line = "cost\tDummy\t1\tidle\t16\t4919\t4920"
        self.assertEqual(bench_cost.parse(["a remark", line]),
                         {Key("Dummy", 1, "idle"): Cost(16, 4919, 4920)})

    def test_a_broken_line_is_not_passed_over(self):
        for line in ("cost\tDummy\t1\tidle\t16\t4919", "cost\tDummy\t1\tidle\t16\t\t"):
            with self.assertRaises(Failure):
                bench_cost.parse([line])

    def test_no_costs_at_all(self):
        with self.assertRaises(Failure):
            bench_cost.parse(["WRITEI-1: Broken pipe"])


class Comparing(unittest.TestCase):
    """Unpatched against patched."""

    def test_idle_is_subtracted_from_one_call(self):
        one = compared()[1, "WRITEI-1"]
        self.assertAlmostEqual(one.before, 25490 / 16 - 4919 / 16)

    def test_idle_is_not_a_path(self):
        self.assertNotIn((1, "idle"), compared())

    def test_a_slower_path_misses_its_target(self):
        self.assertEqual(compared()[1, "WRITEI-1"].target, 1.00)
        self.assertTrue(compared()[1, "WRITEI-1"].missed)

    def test_the_same_cost_meets_the_target(self):
        self.assertEqual(compared()[1, "SYNC_PTR"].ratio, 1.0)
        self.assertFalse(compared()[1, "SYNC_PTR"].missed)

    def test_configuring_may_cost_two_percent_more(self):
        key = Key("Dummy", 1, "HW_PARAMS-same")
        self.assertFalse(Comparison(key, 10000, 10200).missed)
        self.assertTrue(Comparison(key, 10000, 10201).missed)

    def test_every_path_of_the_targets_is_measured(self):
        paths = {key.path for key in measured("patched")}
        for pattern, _ in bench_cost.TARGETS:
            self.assertTrue(any(pattern.match(path) for path in paths), pattern)

    def test_a_path_that_one_kernel_lacks_is_not_passed_over(self):
        costs = {which: measured(which) for which in ("unpatched", "patched")}
        del costs["patched"][Key("Dummy", 2, "poll")]
        with self.assertRaises(Failure):
            bench_cost.compare(costs)

    def test_the_table_marks_what_was_missed(self):
        lines = bench_cost.tables(list(compared().values()))
        writei = next(line for line in lines if line.startswith("WRITEI-1 "))
        self.assertIn("1.015 !", writei)
        self.assertNotIn("!", next(line for line in lines if line.startswith("SYNC_PTR ")))
