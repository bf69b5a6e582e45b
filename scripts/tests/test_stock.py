"""Which of the distribution's kernels is taken, and what is said when there is none."""

import unittest
from pathlib import Path
from unittest import mock

from harness import apt, stock
from harness.failure import Failure


def _madison(*rows):
    return "".join(f" {name} | {version} | http://mirror suite/main amd64 Packages\n"
                   for name, version in rows)


def _apt_cache(table):
    """An apt-cache that has these packages."""
    def capture(command, **_options):
        if "pkgnames" in command:
            return "\n".join(line.split("|")[0].strip() for line in table.splitlines())
        wanted = command[command.index("madison") + 1:]
        return "".join(line for line in table.splitlines(keepends=True)
                       if line.split("|")[0].strip() in wanted)
    return mock.patch.object(apt.proc, "capture", capture)


TABLE = _madison(("linux-image-6.12.9+deb12-amd64", "6.12.9-1"),
                 ("linux-image-6.12.117+deb12-amd64", "6.12.117-1"),
                 ("linux-image-6.12.117+deb12-amd64-dbg", "6.12.117-1"),
                 ("linux-image-6.12.118+deb12-cloud-amd64", "6.12.118-1"),
                 ("linux-image-6.12.117+deb12-rt-amd64", "6.12.117-1"),
                 ("linux-image-6.1.0-50-amd64", "6.1.190-1"),
                 ("linux-headers-6.12.117+deb12-amd64", "6.12.115-1"))


class Newest(unittest.TestCase):
    """The choice of a kernel."""

    def test_by_number_and_not_by_letter(self):
        with _apt_cache(TABLE):
            self.assertEqual(stock.newest("standard"),
                             stock.Release("6.12.117+deb12-amd64", "6.12.117-1"))

    def test_rt(self):
        with _apt_cache(TABLE):
            self.assertEqual(stock.newest("rt").name, "6.12.117+deb12-rt-amd64")

    def test_none(self):
        with _apt_cache(_madison(("linux-image-6.1.0-50-amd64", "6.1.190-1"))), \
                mock.patch.object(apt, "refresh") as refresh, \
                self.assertRaisesRegex(Failure, r"apt offers no linux-image-6\.12\.\*-amd64"):
            stock.newest("standard")
        refresh.assert_called_once()

    def test_headers_of_another_version(self):
        with _apt_cache(TABLE), self.assertRaisesRegex(
                Failure, r"offers linux-headers-\S+ 6\.12\.115-1, but not 6\.12\.117-1"):
            apt.download("linux-headers-6.12.117+deb12-amd64", Path("/nowhere"), "6.12.117-1")


class Needed(unittest.TestCase):
    """What the packages to build modules depend on."""

    def test_first_of_each_choice(self):
        depends = ("linux-base (>= 4.12~), linux-headers-6.12.1-common (= 6.12.1-1), "
                   "linux-image-6.12.1-amd64 (= 6.12.1-1) | linux-image-6.12.1-amd64-unsigned, "
                   "gcc-12\n")
        with mock.patch.object(stock.proc, "capture", return_value=depends):
            self.assertEqual(stock.depends(Path("x.deb")),
                             ["linux-base", "linux-headers-6.12.1-common",
                              "linux-image-6.12.1-amd64", "gcc-12"])

    def test_none(self):
        with mock.patch.object(stock.proc, "capture", return_value="\n"):
            self.assertEqual(stock.depends(Path("x.deb")), [])
