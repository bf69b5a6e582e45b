"""The reports in Documentation/security-report have what the kernel's document asks for."""

import re
import unittest

from harness import races
from harness.paths import PATCHES, ROOT

FOLDER = ROOT / "Documentation" / "security-report"
PARTS = ("Affected: v", "What happens: ", "Conditions: ", "Reproducer: ", "Fix: ", "Mitigation: ")


def _reports():
    """Name and text of every report."""
    found = [(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.txt"))]
    if not found:
        raise AssertionError(f"no reports in {FOLDER}")
    return found


def _subjects():
    """The subjects of all patches, each on one line."""
    found = set()
    for path in PATCHES.glob("*.patch"):
        head = path.read_text(encoding="utf-8").partition("\n\n")[0]
        subject = re.search(r"^Subject: \[PATCH[^]]*\] ((?:.|\n )*)$", head, re.MULTILINE)
        found.add(subject[1].replace("\n", ""))
    return found


class Reports(unittest.TestCase):
    """Every one of them."""

    def test_headers(self):
        """recipients, and the private list"""
        for name, text in _reports():
            with self.subTest(name):
                self.assertRegex(
                    text, r"\ATo: .+@.+\nCc: security@kernel\.org\nSubject: ALSA: .+\n\n")

    def test_parts(self):
        """what is absolutely necessary, and what is highly desirable"""
        for name, text in _reports():
            with self.subTest(name):
                for part in PARTS:
                    self.assertRegex(text, rf"(?m)^{re.escape(part)}")

    def test_plain_text(self):
        """no markup, no wide lines, no letters that a mailer could mangle"""
        for name, text in _reports():
            with self.subTest(name):
                self.assertTrue(text.isascii())
                self.assertLess(max(map(len, text.splitlines())), 80)
                self.assertNotRegex(text, r"(?m)`|^#|\*\*|\t")

    def test_patches_exist(self):
        """each fix is named by the subject of a patch"""
        for name, text in _reports():
            with self.subTest(name):
                named = re.findall(r'"(ALSA: [^"]+)"', text)
                self.assertTrue(named)
                for subject in named:
                    self.assertIn(re.sub(r"\s+", " ", subject), _subjects())

    def test_cases_exist(self):
        """each test that reproduces a bug is listed in races.tsv"""
        listed = {(row.program, row.case) for row in races.read()}
        for name, text in _reports():
            with self.subTest(name):
                for program, case in re.findall(r"^  \./(\S+) -r (\S+)$", text, re.MULTILINE):
                    self.assertIn((program, case), listed)

    def test_listed(self):
        """README.md knows every report"""
        text = (FOLDER / "README.md").read_text(encoding="utf-8")
        for name, _ in _reports():
            self.assertIn(f"[{name}]({name})", text)


if __name__ == "__main__":
    unittest.main()
