"""The KTAP parser."""

import unittest

from harness import ktap


def parse(text):
    """The report on a text."""
    return ktap.parse(text.strip("\n").split("\n"))


class Accounts(unittest.TestCase):
    """Complete accounts, and those with something wrong."""

    def test_directives(self):
        report = parse("""
TAP version 13
1..4
ok 1 global.a
ok 2 global.b # SKIP no PCM
not ok 3 global.c
ok 4 global.d # XFAIL known
# Totals: pass:1 fail:1 xfail:1 xpass:0 skip:1 error:0""")
        self.assertEqual([one.status for one in report.results],
                         ["passed", "skipped", "failed", "xfail"])
        self.assertEqual(report.results[1].reason, "no PCM")
        self.assertEqual(report.problems, [])

    def test_name_behind_the_directive(self):
        report = parse("1..1\nok 1 # SKIP no card\n# Totals: pass:0 fail:0 skip:1")
        self.assertEqual(report.results[0].reason, "no card")

    def test_everything_skipped(self):
        report = parse("TAP version 13\n1..0 # SKIP not root")
        self.assertEqual((report.skipped, report.problems), ("not root", []))

    def test_notes_belong_to_the_result_that_follows(self):
        report = parse("1..2\n# one\nok 1 a\n# two\nok 2 b\n# Totals: pass:2 fail:0")
        self.assertEqual([one.notes for one in report.results], [["one"], ["two"]])

    def test_nested(self):
        report = parse("""
KTAP version 1
1..1
    KTAP version 1
    # Subtest: outer
    1..2
    ok 1 inner
    not ok 2 other
not ok 1 outer
# Totals: pass:0 fail:1""")
        self.assertEqual([sub.name for sub in report.results[0].subtests], ["inner", "other"])
        self.assertEqual(report.problems, [])

    def test_nested_plan_counts(self):
        report = parse("1..1\n    1..3\n    ok 1 a\nok 1 outer\n# Totals: pass:1 fail:0")
        self.assertEqual(report.problems, ["3 tests planned, 1 reported"])

    def test_what_is_incomplete_has_a_problem(self):
        for text in ("TAP version 13", "TAP version 13\n1..2\nok 1 a\n# Totals: pass:1 fail:0",
                     "1..1\nok 1 a", "ok 1 a\n# Totals: pass:1 fail:0",
                     "1..2\nok 1 a\nok 3 b\n# Totals: pass:2 fail:0",
                     "1..1\nok 1 a\nBail out! no\n# Totals: pass:1 fail:0",
                     "1..1\nok 1 a\n# Totals: pass:0 fail:1"):
            with self.subTest(text=text):
                self.assertNotEqual(parse(text).problems, [])

    def test_ok_with_a_failed_subtest(self):
        report = parse("1..1\n    1..1\n    not ok 1 a\nok 1 outer\n# Totals: pass:1 fail:0")
        self.assertEqual(report.problems, ["outer: ok with a failed subtest"])


if __name__ == "__main__":
    unittest.main()
