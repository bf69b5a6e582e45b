"""Unit tests of harness.real_programs."""

import unittest

from harness import console, real_programs
from harness.verdict import FAILED, PASSED, PANIC, SPLAT, TIMEOUT, Verdict


def _segment(*lines):
    text = "\n".join(f"[    {number}.0] {line}" for number, line in enumerate(
        ["harness: ready", "harness: start case", *(f"test: {line}" for line in lines),
         "harness: end case exit 0"], 1))
    return console.parse(text).segments[0]


class Facts(unittest.TestCase):
    """What counts of a case's output."""

    def test_only_facts_count(self):
        """Other output may differ between runs."""
        found = real_programs.facts(_segment("Playing 12345", "= aplay: ok", " = no fact"))
        self.assertEqual(found, ["aplay: ok"])

    def test_ktap_counts_by_test(self):
        """In whatever order threads report."""
        one = _segment("TAP version 13", "1..2", "ok 1 b", "not ok 2 a",
                       "# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0")
        self.assertEqual(real_programs.facts(one), ["a: failed", "b: passed"])

    def test_cut_off_ktap_tells(self):
        """An account without its end is not that of a whole run."""
        found = real_programs.facts(_segment("TAP version 13", "1..2", "ok 1 a"))
        self.assertEqual(found[0], "a: passed")
        self.assertTrue(found[1].startswith("account: "))


class Agreement(unittest.TestCase):
    """When two kernels did the same."""

    def _agree(self, before, after, old=("x",), new=("x",)):
        return real_programs.agree(Verdict(before), Verdict(after), list(old), list(new))

    def test_same(self):
        """Also where a program fails on both."""
        self.assertTrue(self._agree(PASSED, PASSED))
        self.assertTrue(self._agree(FAILED, FAILED))

    def test_other_facts(self):
        """One fact more, less or different."""
        self.assertFalse(self._agree(PASSED, PASSED, new=("y",)))
        self.assertFalse(self._agree(PASSED, PASSED, new=("x", "x")))

    def test_no_facts(self):
        """A case that said nothing shows nothing."""
        self.assertFalse(self._agree(PASSED, PASSED, (), ()))

    def test_complaint_of_the_patched_kernel(self):
        """Whatever the unpatched one does."""
        for status in (SPLAT, PANIC, TIMEOUT):
            self.assertFalse(self._agree(status, status))

    def test_complaint_of_the_unpatched_kernel(self):
        """It is no reason against the patched one."""
        self.assertTrue(self._agree(SPLAT, PASSED))

    def test_failure_that_is_new(self):
        """The program's own opinion must be the same."""
        self.assertFalse(self._agree(PASSED, FAILED))


if __name__ == "__main__":
    unittest.main()
