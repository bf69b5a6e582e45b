"""The table of Documentation/model.md, which maps the model to the series."""

import re
import unittest

from harness.paths import ROOT

PARTS = ("series", "group", "stream")  # of the model that are about the series itself


def table():
    """What the two columns of the table name, steps of the model and functions of the kernel."""
    text = (ROOT / "Documentation/model.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    return ({name for row in rows for name in re.findall(r"`(\w+)\(\)`", row[1])},
            {name for row in rows for name in re.findall(r"\b(\w+)\(", row[2])})


class Table(unittest.TestCase):
    """Nothing is left out, and nothing is made up."""

    def test_every_step_is_listed(self):
        """A step that maps to nothing would prove nothing."""
        steps = set()
        for part in PARTS:
            text = (ROOT / f"scripts/model/{part}.pml").read_text(encoding="utf-8")
            steps.update(re.findall(r"^inline (\w+)", text, re.MULTILINE))
        self.assertEqual(table()[0], steps)

    def test_every_function_is_in_the_series(self):
        """A renamed function would leave the table behind."""
        patches = "".join(path.read_text(encoding="utf-8")
                          for path in sorted((ROOT / "patches").glob("0*.patch")))
        known = set(re.findall(r"\w+", patches))
        self.assertEqual(table()[1] - known, set())


if __name__ == "__main__":
    unittest.main()
