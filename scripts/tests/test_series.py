"""git am on a small tree, with patches that apply and one that does not."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import series, source
from harness.failure import Failure


def _git(tree, *arguments):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments],
                   cwd=tree, check=True, stdout=subprocess.DEVNULL)


class Apply(unittest.TestCase):
    """One tree with a history of three versions of a file."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        tree = Path(scratch.name)
        _git(tree, "init", "--quiet")
        for number in range(3):
            (tree / "file").write_text(f"version {number}\n", encoding="utf-8")
            _git(tree, "add", "file")
            _git(tree, "commit", "--quiet", "-m", f"version {number}")
        _git(tree, "format-patch", "--quiet", "-2", "-o", "patches")
        _git(tree, "update-ref", source.BASE, "HEAD~2")
        self.source = source.Source(tree, "small", "7.0.0")
        self.patches = sorted((tree / "patches").iterdir())

    def test_all_apply(self):
        tip = series.apply(self.source, self.patches)
        self.assertEqual(self.source.git("show", f"{tip}:file"), "version 2\n")
        self.assertEqual(series.commits(self.source, self.patches)[-1], tip)

    def test_what_was_applied_is_reused_but_not_for_other_patches(self):
        tip = series.apply(self.source, self.patches)
        self.assertEqual(series.apply(self.source, self.patches), tip)
        self.assertNotEqual(series.apply(self.source, self.patches[:1]), tip)

    def test_the_culprit_is_named_and_nothing_is_left_behind(self):
        with self.assertRaisesRegex(Failure, "0002-version-2.patch does not apply"):
            series.apply(self.source, self.patches[1:])
        self.assertFalse((self.source.tree / ".git/rebase-apply").exists())
        self.assertEqual(self.source.git("status", "--porcelain", "-uno"), "")
        self.test_all_apply()


if __name__ == "__main__":
    unittest.main()
