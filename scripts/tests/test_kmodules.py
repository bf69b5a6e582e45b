"""Kernel modules load after what they need, whatever their files are called."""

import lzma
import tempfile
import unittest
from pathlib import Path

from harness import kmodules
from harness.failure import Failure


def _module(*needed):
    """What the file of a module that needs these ones has in it."""
    return b"\x7fELF\0license=GPL\0depends=" + ",".join(needed).encode() + b"\0name=x\0"


class Names(unittest.TestCase):
    """What the kernel calls a module."""

    def test_names(self):
        for file in ("snd-pcm.ko", "snd_pcm.ko", "snd-pcm.ko.xz", "03-snd-pcm.ko"):
            self.assertEqual(kmodules.name(Path("x") / file), "snd_pcm")


class Needs(unittest.TestCase):
    """What a module says that it depends on."""

    def test_none(self):
        self.assertEqual(kmodules.needs(_module()), [])

    def test_dashes(self):
        self.assertEqual(kmodules.needs(_module("snd-pcm", "snd")), ["snd_pcm", "snd"])

    def test_not_a_module(self):
        with self.assertRaises(Failure):
            kmodules.needs(b"\x7fELF")


class Order(unittest.TestCase):
    """The order in which modules load."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.top = Path(scratch.name)
        self.out = self.top / "out"
        self.out.mkdir()

    def _write(self, name, data):
        path = self.top / name
        path.write_bytes(lzma.compress(data) if path.suffix == ".xz" else data)
        return path

    def _names(self):
        return [kmodules.name(path) for path in sorted(self.out.glob("*.ko"))]

    def test_each_after_what_it_needs(self):
        paths = [self._write("snd-pcm-oss.ko.xz", _module("snd-pcm", "snd-mixer-oss", "snd")),
                 self._write("snd-mixer-oss.ko", _module("snd")),
                 self._write("snd-pcm.ko", _module("snd-timer", "snd")),
                 self._write("snd-timer.ko", _module("snd")),
                 self._write("snd.ko", _module()),
                 self._write("snd-usb-audio.ko", _module("snd-pcm"))]
        kmodules.collect(["snd_pcm_oss"], paths, self.out)
        self.assertEqual(self._names(),
                         ["snd", "snd_timer", "snd_pcm", "snd_mixer_oss", "snd_pcm_oss"])

    def test_unpacked(self):
        kmodules.collect(["snd"], [self._write("snd.ko.xz", _module())], self.out)
        self.assertEqual((self.out / "00-snd.ko").read_bytes(), _module())

    def test_the_last_of_a_name_counts(self):
        old, new = self._write("00-snd.ko", _module()), self._write("snd.ko", _module() + b"new")
        kmodules.collect(["snd"], [old, new], self.out)
        self.assertTrue((self.out / "00-snd.ko").read_bytes().endswith(b"new"))

    def test_missing(self):
        with self.assertRaisesRegex(Failure, "no kernel module snd_timer"):
            kmodules.collect(["snd_pcm"], [self._write("snd-pcm.ko", _module("snd-timer"))],
                             self.out)
