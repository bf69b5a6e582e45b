"""The patches that take single fixes out of the series."""

import tempfile
import unittest
from pathlib import Path

from harness import mutate_command, mutation
from harness.failure import Failure
from harness.verdict import FAILED, PASSED, TIMEOUT, Verdict

HEAD = """\
Title: HW_PARAMS holds params_lock
Undoes: ALSA: pcm: Move buffer_mutex
"""
DIFF = """
--- a/sound/core/pcm_native.c
+++ b/sound/core/pcm_native.c
"""
HIT = "hit after 3 rounds, 250 ms: torn"
CASE = "pcm-params-race:global.hw_params_from_one_caller"


class Parse(unittest.TestCase):
    """Reading a folder of mutations."""

    def read(self, text):
        """The mutation that this file holds."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "one.patch").write_text(text, encoding="utf-8")
            return mutation.read(Path(folder))[0]

    def test_fields(self):
        """Title, cases and name are found above the diff."""
        one = self.read(f"{HEAD}Cases: {CASE}\n{DIFF}")
        self.assertEqual(("one", (CASE,), None), (one.name, one.cases, one.survives))

    def test_unknown_case(self):
        """A case that races.tsv does not have is an error, not a test less."""
        with self.assertRaisesRegex(Failure, "no such case: nothing:global.nothing"):
            self.read(f"{HEAD}Cases: nothing:global.nothing\n{DIFF}")

    def test_no_case(self):
        """Without a case there has to be a reason."""
        with self.assertRaisesRegex(Failure, "needs Title"):
            self.read(HEAD + DIFF)
        self.assertEqual("only KCSAN sees it",
                         self.read(f"{HEAD}Survives: only KCSAN sees it\n{DIFF}").survives)

    def test_ours(self):
        """All mutations of this repository can be read."""
        self.assertGreater(len(mutation.read()), 30)


class Row(unittest.TestCase):
    """What the table says."""

    one = mutation.Mutation(Path("one.patch"), "a lock", "a patch", (CASE,), None, None)

    def test_noticed(self):
        """The first case that failed is named."""
        results = {"p:global.a": Verdict(PASSED), "p:global.b": Verdict(FAILED, HIT, 0.25)}
        self.assertEqual(("one", "a lock", "p: b", f"failed: {HIT}", "0.2 s"),
                         mutate_command.row(self.one, results))

    def test_survivor(self):
        """A mutation that nothing notices is a missing test."""
        row = mutate_command.row(self.one, {CASE: Verdict(PASSED)})
        self.assertIn("a test is missing", row[3])

    def test_undecided(self):
        """A case that did not end says nothing, not that the mutation survives."""
        row = mutate_command.row(self.one, {CASE: Verdict(TIMEOUT, "did not end")})
        self.assertEqual("timeout: did not end", row[3])

    def test_broken(self):
        """Nor does one that fails before it has seen anything."""
        results = {CASE: Verdict(FAILED, "open: Device or resource busy")}
        self.assertIsNone(mutation.noticed(results))
        self.assertEqual(CASE, mutation.undecided(results)[0])
