"""What the harness concludes from console logs of real boots."""

import unittest
from pathlib import Path

from harness import runner, verdict

LOGS = Path(__file__).parent / "logs"


def judge(log, *cases, text=None):
    """Status and evidence of each case, as the runner sees them."""
    text = text if text is not None else (LOGS / f"{log}.log").read_text(encoding="utf-8")
    decided = runner.judge(text, [runner.Case(name, "", 60) for name in cases], log)
    return {name: (one.status, one.evidence) for name, one in decided.items()}


class Complete(unittest.TestCase):
    """Logs in which the guest ended by itself."""

    def test_all_passed(self):
        self.assertEqual(judge("all-passed", "ok"), {"ok": (verdict.PASSED, "")})

    def test_torn_values_are_the_evidence(self):
        status, evidence = judge("torn")["pcm-params-race"]
        self.assertEqual(status, verdict.FAILED)
        self.assertTrue(evidence.startswith("hit after 29 rounds, 76 ms: torn hw_params"))

    def test_deadlock_names_both_tasks_and_where_they_wait(self):
        status, evidence = judge("deadlock")["pcm-link-race"]
        self.assertEqual(status, verdict.STUCK)
        self.assertRegex(evidence, r"2 tasks .*:52 in snd_pcm_action_group, "
                                   r".*:53 in snd_pcm_action_group")

    def test_hung_task_report_and_stuck(self):
        self.assertEqual(judge("hung-task")["pcm-link-race"][0], verdict.STUCK)

    def test_kasan(self):
        self.assertEqual(judge("kasan")["pcm-params-race"], (
            verdict.SPLAT, "KASAN: slab-out-of-bounds in noninterleaved_copy+0x107/0x1b0"))

    def test_a_test_that_passes_while_lockdep_turns_itself_off_has_not_passed(self):
        self.assertEqual(judge("lockdep-off")["lockdep"], (
            verdict.SPLAT,
            "lockdep off: DEBUG_LOCKS_WARN_ON(subclass >= MAX_LOCKDEP_SUBCLASSES)"))

    def test_each_case_of_a_boot_has_its_own_verdict_until_the_panic(self):
        statuses = {name.rpartition(".")[2]: one[0] for name, one in
                    judge("mixed-then-panic").items()}
        self.assertEqual(statuses, {
            "passes": verdict.PASSED, "fails": verdict.FAILED, "skips": verdict.SKIPPED,
            "hangs": verdict.FAILED, "panics": verdict.PANIC})


class Shows(unittest.TestCase):
    """Whether a race was seen."""

    def test_a_test_that_broke_down_has_seen_nothing(self):
        """It fails, but not because of the race."""
        broken = verdict.Verdict(verdict.FAILED, "card 2 does not come back")
        self.assertFalse(broken.shows)
        self.assertTrue(verdict.Verdict(verdict.FAILED, "hit after 1 rounds, 9 ms: torn").shows)

    def test_a_complaint_of_the_kernel_is_enough(self):
        """Whatever the test says."""
        for status in (verdict.SPLAT, verdict.STUCK, verdict.PANIC):
            self.assertTrue(verdict.Verdict(status, "").shows)
        for status in (verdict.PASSED, verdict.SKIPPED, verdict.TIMEOUT, verdict.CUT_OFF,
                       verdict.SPOILT):
            self.assertFalse(verdict.Verdict(status, "").shows)


class Incomplete(unittest.TestCase):
    """Logs that must not be believed."""

    def test_a_complaint_before_any_test_spoils_the_boot(self):
        decided = judge("kasan-before-tests", "a", "b")
        self.assertEqual(set(decided), {"pcm-params-race", "a", "b"})
        for status, evidence in decided.values():
            self.assertEqual(status, verdict.SPOILT)
            self.assertIn("before any test: KASAN: wild-memory-access", evidence)

    def test_hang_at_boot(self):
        for name in ("a", "b"):
            self.assertEqual(judge("hang-at-boot", "a", "b")[name][0], verdict.NO_BOOT)

    def test_panic_at_boot(self):
        self.assertEqual(judge("panic-at-boot", "a")["a"][0], verdict.SPOILT)

    def test_nothing_printed(self):
        self.assertEqual(judge("", "a", text="")["a"][0], verdict.NO_OUTPUT)

    def test_cut_off_in_the_test(self):
        self.assertEqual(judge("cut-off")["pause"][0], verdict.CUT_OFF)

    def test_a_guest_that_runs_no_case(self):
        text = "[    1.0] harness: ready\n[    1.1] harness: closed complete\n"
        self.assertEqual(judge("", "a", text=text)["a"][0], verdict.CUT_OFF)

    def test_a_complaint_in_unknown_words(self):
        text = (LOGS / "all-passed.log").read_text(encoding="utf-8")
        text = text.replace("closed complete", "closed after a complaint of the kernel")
        self.assertEqual(judge("", "ok", text=text)["ok"][0], verdict.SPLAT)

    def test_no_prefix_of_a_good_log_passes(self):
        lines = (LOGS / "all-passed.log").read_text(encoding="utf-8").split("\n")
        end = next(number for number, line in enumerate(lines) if "harness: closed" in line)
        for number in range(end):
            with self.subTest(lines=number):
                one = judge("", "ok", text="\n".join(lines[:number]))["ok"]
                self.assertNotEqual(one[0], verdict.PASSED)

    def test_no_good_log_without_any_one_line_of_the_account_passes(self):
        lines = (LOGS / "all-passed.log").read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if "1..1" in line or "ok 1" in line or "Totals" in line or "end ok" in line:
                with self.subTest(without=line):
                    one = judge("", "ok", text="\n".join(lines[:number] + lines[number + 1:]))
                    self.assertNotEqual(one["ok"][0], verdict.PASSED)


if __name__ == "__main__":
    unittest.main()
