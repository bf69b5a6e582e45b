"""What scripts/bench reads out of size, pahole and -fstack-usage."""

import unittest
from pathlib import Path

from harness import bench_static
from harness.failure import Failure

LOGS = Path(__file__).parent / "logs"


def saved(name):
    """A saved output."""
    return (LOGS / name).read_text(encoding="utf-8")


class Static(unittest.TestCase):
    """Real outputs, and broken ones."""

    def test_size_is_summed_up(self):
        self.assertEqual(bench_static.parse_size(saved("size.txt")),
                         {"text": 10560 + 39458 + 18116, "data": 192 + 352 + 304})

    def test_nothing_measured(self):
        with self.assertRaises(Failure):
            bench_static.parse_size("   text\t   data\t    bss\t    dec\t    hex\tfilename\n")

    def test_struct(self):
        struct = bench_static.parse_struct(saved("pahole.txt"))
        self.assertEqual(struct["size"], 440)
        self.assertEqual(struct["members"]["params_lock"], 312)
        self.assertEqual(struct["members"]["name"], 28)
        self.assertEqual(struct["members"]["ops"], 184)

    def test_unknown_struct(self):
        with self.assertRaises(Failure):
            bench_static.parse_struct("pahole: type 'snd_pcm_nothing' not found\n")

    def test_stack(self):
        stack = bench_static.parse_stack(saved("stack-usage.txt"))
        self.assertEqual(stack["snd_pcm_status_user64"], 200)

    def test_a_member_that_stays_in_its_cache_line_has_not_moved(self):
        self.assertEqual(bench_static.moved({"a": 0, "b": 60, "gone": 128}, {"a": 63, "b": 64}),
                         {"b": (0, 1)})
