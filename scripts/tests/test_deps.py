"""How missing packages are installed."""

import unittest
from unittest import mock

from harness import deps


class Install(unittest.TestCase):
    """deps.install() without a package manager."""

    def test_only_the_download_can_be_cut_short(self):
        with mock.patch.object(deps, "_installed", side_effect=lambda package: package == "git"), \
                mock.patch.object(deps.apt, "as_root", side_effect=lambda command: command), \
                mock.patch.object(deps.apt, "refresh"), mock.patch.object(deps, "say"), \
                mock.patch.object(deps.proc, "run") as run:
            deps.install(["git", "spin"])
        commands = [call.args[0] for call in run.call_args_list]
        self.assertEqual(["--download-only" in command for command in commands], [True, False])
        self.assertEqual([call.kwargs.get("whole", False) for call in run.call_args_list],
                         [False, True])
        for command in commands:
            self.assertIn("spin", command)
            self.assertNotIn("git", command)


if __name__ == "__main__":
    unittest.main()
