"""The timeline that real logs hold, and the drawing of it in Documentation/."""

import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from harness import timeline, timeline_svg
from harness.failure import Failure
from harness.paths import ROOT

FOLDER = ROOT / "Documentation" / "timeline"
LOGS = Path(__file__).parent / "logs"


def _read(which):
    return timeline.read(FOLDER / f"{which}.log")


class Read(unittest.TestCase):
    """timeline.read()"""

    def _damaged(self, damage):
        """The Failure that a changed copy of the log causes."""
        text = (FOLDER / "unpatched.log").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "log"
            path.write_text(damage(text), encoding="utf-8")
            with self.assertRaises(Failure) as caught:
                timeline.read(path)
        return str(caught.exception)

    def test_unpatched(self):
        """DRAIN starts the engine in the middle of hw_params"""
        run = _read("unpatched")
        self.assertEqual([(call.name, call.error) for call in run.calls],
                         [("DRAIN", 11), ("HW_PARAMS", 0)])
        configure, start, tick = [one for one in run.callbacks if one.name != "ioctl"]
        self.assertEqual([configure.name, start.name, tick.lane],
                         ["hw_params", "trigger", "engine"])
        self.assertTrue(configure.begin < start.begin < start.end < configure.end)
        self.assertEqual([kind for _, kind, _ in start.violations], ["overlap", "mixed"])
        self.assertEqual(start.violations[0][2], ["hw_params"])
        self.assertEqual(start.enter["stream_lock"], "held")

    def test_patched(self):
        """DRAIN is refused, and the driver is not bothered"""
        run = _read("patched")
        self.assertEqual([(call.name, call.error) for call in run.calls],
                         [("DRAIN", 77), ("HW_PARAMS", 0)])
        self.assertEqual([one.name for one in run.callbacks if one.name != "ioctl"], ["hw_params"])
        self.assertEqual(sum(len(one.violations) for one in run.callbacks), 0)

    def test_no_timeline(self):
        """a log of something else"""
        with self.assertRaisesRegex(Failure, "no timeline"):
            timeline.read(LOGS / "kasan.log")

    def test_missing_file(self):
        """no log at all"""
        with self.assertRaisesRegex(Failure, "No such file"):
            timeline.read(LOGS / "nowhere.log")

    def test_cut_off(self):
        """a log that ends within the timeline"""
        self.assertRegex(self._damaged(lambda text: text[:text.index("hw_params violation")]),
                         "ends in the middle of hw_params")

    def test_beginning_overwritten(self):
        """an exit whose enter is lost"""
        self.assertRegex(self._damaged(lambda text: "\n".join(
            line for line in text.split("\n") if "trigger   enter" not in line)),
            "begins in the middle of trigger")


class Draw(unittest.TestCase):
    """timeline_svg.draw()"""

    def setUp(self):
        self.svg = timeline_svg.draw([("without the series", _read("unpatched")),
                                      ("with the series", _read("patched"))])

    def test_documentation_is_up_to_date(self):
        """what lies in Documentation/ is what the script draws from the logs there"""
        kept = (FOLDER / "drain-against-hw-params.svg").read_text(encoding="utf-8")
        self.assertEqual(self.svg, kept)

    def test_well_formed_and_within_its_frame(self):
        """every box lies inside the picture"""
        root = ElementTree.fromstring(self.svg)
        height = float(root.get("height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect"):
            top = float(box.get("y", 0))
            self.assertTrue(0 <= top and top + float(box.get("height")) <= height)
            self.assertGreater(float(box.get("height")), 0)


if __name__ == "__main__":
    unittest.main()
