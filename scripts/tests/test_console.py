"""The table of kernel complaints, and what is told about stuck tasks."""

import unittest
from pathlib import Path

from harness import console

LOGS = Path(__file__).parent / "logs"


def read(log):
    """Lines of a saved log."""
    return console.read_lines((LOGS / f"{log}.log").read_text(encoding="utf-8"))


class Splats(unittest.TestCase):
    """Real logs, then the wordings of which there is no log."""

    def test_saved_logs(self):
        for log, kinds in (("kasan", {"KASAN"}), ("lockdep-off", {"lockdep off", "WARN"}),
                           ("hung-task", {"hung task"}), ("panic-at-boot", {"panic"}),
                           ("all-passed", set()), ("torn", set())):
            with self.subTest(log=log):
                self.assertEqual({splat.kind for splat in console.splats(read(log))}, kinds)

    def test_wordings(self):
        for text, kind in (
                ("BUG: KCSAN: data-race in snd_pcm_ioctl / snd_pcm_status64", "KCSAN"),
                ("UBSAN: array-index-out-of-bounds in sound/core/pcm_lib.c:12:3", "UBSAN"),
                ("WARNING: possible circular locking dependency detected", "lockdep"),
                ("WARNING: possible recursive locking detected", "lockdep"),
                ("WARNING: inconsistent lock state", "lockdep"),
                ("WARNING: bad unlock balance detected!", "lockdep"),
                ("[ BUG: Invalid wait context ]", "lockdep"),
                ("BUG: MAX_LOCKDEP_CHAINS too low!", "lockdep off"),
                ("turning off the locking correctness validator.", "lockdep off"),
                ("INFO: lockdep is turned off.", "lockdep off"),
                ("BUG: sleeping function called from invalid context at x.c:1", "atomic sleep"),
                ("BUG: kernel NULL pointer dereference, address: 0000000000000000", "oops"),
                ("Oops: general protection fault, probably for non-canonical address", "oops"),
                ("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "RCU stall"),
                ("rcu: INFO: rcu_preempt self-detected stall on CPU", "RCU stall"),
                ("watchdog: BUG: soft lockup - CPU#1 stuck for 26s!", "lockup"),
                ("watchdog: Watchdog detected hard LOCKUP on cpu 0", "lockup"),
                ("BUG: KFENCE: use-after-free read in snd_pcm_release+0x1/0x2", "KFENCE"),
                ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
                 "kmemleak"),
                ("list_del corruption. prev->next should be ffff88, but was ffff89",
                 "list corruption"),
                ("BUG: scheduling while atomic: pcm-link-race/7/0x00000002", "atomic sleep"),
                ("WARNING: possible irq lock inversion dependency detected", "lockdep"),
                ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "lockdep"),
                ("kernel BUG at sound/core/pcm_native.c:9!", "BUG"),
                ("WARNING: CPU: 1 PID: 7 at sound/core/pcm_lib.c:9 f+0x1/0x2", "WARN"),
                ("WARNING: sound/core/pcm_lib.c:9 at f+0x1/0x2, CPU#1: a/7", "WARN")):
            with self.subTest(text=text):
                found = console.splats(console.read_lines(f"[    1.000000] {text}"))
                self.assertEqual([splat.kind for splat in found], [kind])

    def test_kcsan_counts_in_pcm_code_only(self):
        lines = console.read_lines("[ 1.0] BUG: KCSAN: data-race in tick_sched / tick_nohz")
        self.assertEqual(console.splats(lines), [])

    def test_a_mark_within_a_word_is_none(self):
        for text in ("DEBUG: foo", "snd_dummy: DEBUG: foo"):
            self.assertEqual(console.splats(console.read_lines(f"[    1.000000] {text}")), [])
        lines = console.read_lines("[    1.000000] snd_dummy:BUG: foo")
        self.assertEqual([str(splat) for splat in console.splats(lines)], ["BUG: foo"])

    def test_what_a_test_prints_is_not_the_kernel_speaking(self):
        log = console.parse("[ 1.0] harness: start a\n[ 1.1] test: # BUG: KASAN: told by a test")
        self.assertEqual(console.splats(log.segments[0].kernel()), [])


class StuckTasks(unittest.TestCase):
    """What sysrq-w printed."""

    def test_deadlock(self):
        self.assertEqual(console.stuck_tasks(read("deadlock")), [
            ("pcm-link-race:52", "snd_pcm_action_group"),
            ("pcm-link-race:53", "snd_pcm_action_group")])

    def test_none(self):
        self.assertEqual(console.stuck_tasks(read("all-passed")), [])


if __name__ == "__main__":
    unittest.main()
