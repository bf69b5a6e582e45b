"""scripts/answers: random calls by one thread, which must get the same answers on both kernels."""

import argparse
import itertools
import re
import shlex
import time
from dataclasses import dataclass

from . import files, programs, runner
from .arguments import at_least
from .bench_cost import MACHINE
from .bench_pair import AFTER, BEFORE, Pair
from .failure import Failure
from .paths import LOGS, ROOT
from .progress import say, step

EPILOG = """\
Each seed makes a sequence of calls. It is the same if one account of it, with all results,
parameters, and states and positions of native streams, is found on both kernels. Changes that
are meant are told apart.
exits with 0 only if nothing else differs."""

SEEDS = 1000
SECONDS_PER_SEED = 100  # of the guest's clock, which does not wait when nothing runs
PLAYS = 4  # of a seed, at different moments
MORE_PLAYS = 25  # where those differ: the moments may have been bad luck
CONTEXT = 8  # calls before the one that differs

PCMTEST = "PCM-TEST Driver"
PLAYERS = (  # title, program and its arguments
    ("one stream", ("pcm-answers", "spinlock", "Dummy", "Dummy", "1")),
    ("two linked streams, loopback", ("pcm-answers", "spinlock", "Loopback", "Loopback", "2")),
    ("three linked streams", ("pcm-answers", "spinlock", PCMTEST, PCMTEST, "3")),
    ("linked streams of two cards", ("pcm-answers", "spinlock", PCMTEST, "Dummy", "4")),
    ("two linked streams, mutex", ("pcm-answers", "mutex", PCMTEST, PCMTEST, "2")),
    ("four linked streams, mutex", ("pcm-answers", "mutex", PCMTEST, PCMTEST, "4")),
    ("OSS", ("oss-answers", "/dev/dsp")),
)

_NAME = re.compile(r"[A-Z_]{2,}")
_STATE = re.compile(r"[A-Z]+(?=:)")


@dataclass(frozen=True)
class Change:
    """A change that is meant: what the cover letter says of users "With one thread"."""
    title: str
    calls: tuple
    beside: tuple = ()  # states, of which a linked stream has one
    becomes: str = None  # the state of the others that differ; None: what failed may not
    driver: str = ""  # what snd-pcmtest has to be like

    def explains(self, one):
        """Whether a difference is meant."""
        name = _NAME.search(one.before)
        if not name or name[0] not in self.calls or self.driver not in "".join(one.same[:1]):
            return False
        if not self.becomes:
            return " = E" in one.before
        (call, _, seen), (again, _, now) = one.before.partition("|"), one.after.partition("|")
        if call != again or _STATE.sub("", seen) != _STATE.sub("", now):
            return False
        states = list(zip(_STATE.findall(seen), _STATE.findall(now)))
        return (any(was in self.beside for was, _ in states) and
                all(is_now == was or is_now == self.becomes and was not in self.beside
                    for was, is_now in states))


MEANT = (
    Change("DROP and close stop the group though one member has no setup",
           ("DROP", "CLOSE", "OPEN", "JOIN"), ("OPEN",), "SETUP"),
    Change("suspend leaves out who has nothing to suspend, not the whole group",
           ("SUSPEND",), ("OPEN", "SETUP"), "SUSPENDED"),
    Change("a drain ends though the driver triggers the whole group",
           ("SLEEP",), ("SETUP",), "SETUP", "group_trigger"),
    Change("an OSS mmap() that fails leaves the access mode alone, and the first one works",
           ("OSS_MMAP",)),
)


@dataclass(frozen=True)
class Difference:
    """Where the accounts of a seed part."""
    seed: int
    same: list  # the lines up to there
    before: str  # the next one without the series
    after: str  # and with it

    @property
    def meant(self):
        """Which change that is meant explains it, or None."""
        return next((change.title for change in MEANT
                     if change.explains(self)), None)

    def __str__(self):
        lines = [f"     {line}" for line in self.same[-CONTEXT:]]
        return "\n".join([f"seed {self.seed}:", *lines, f"   - {self.before}",
                          f"   + {self.after}"])


def parse(lines):
    """The accounts of each seed."""
    accounts, account = {}, None
    for line in lines:
        word, _, seed = line.partition(" ")
        if word == "account":
            account = []
            accounts.setdefault(int(seed), []).append(account)
        elif line.startswith("#"):  # a remark
            continue
        elif account is None:
            raise Failure(f"not a line of an account: {line}")
        else:
            account.append(line)
    return accounts


def difference(seed, before, after):
    """Where the accounts that agree longest part, or None if two are the same."""
    found = []
    for one, other in itertools.product(before, after):
        lines = list(itertools.zip_longest(one, other, fillvalue=""))
        parted = [number for number, (was, now) in enumerate(lines) if was != now]
        if not parted:
            return None
        found.append(Difference(seed, one[:parted[0]], *lines[parted[0]]))
    return max(found, key=lambda one: len(one.same))


def compare(before, after):
    """The differences between the accounts of two kernels."""
    if before.keys() != after.keys() or not before:
        raise Failure("the two kernels did not play the same seeds")
    found = (difference(seed, before[seed], after[seed]) for seed in before)
    return [one for one in found if one]


def _play(pair, tests, jobs, plays, logs):
    """Accounts by kernel and player; jobs: first and number of the seeds of each player."""
    cases = [runner.Case(f"{'-'.join(title.split())}:{first}",
                         shlex.join([f"/tests/{command[0]}", *command[1:],
                                     str(first), str(count), str(plays)]),
                         count * plays * SECONDS_PER_SEED // PLAYS)
             for (title, command), first, count in jobs]
    # snd-pcmtest finds the unpatched kernel's callbacks at fault, as it is made to.
    outputs = pair.run(tests, cases, MACHINE, logs, complaints=(BEFORE,))
    return {which: [(job[0], parse(outputs[which][case.name]))
                    for job, case in zip(jobs, cases)] for which in (BEFORE, AFTER)}


def _differences(pair, tests, jobs, plays, logs):
    """The differences, as (player, difference), and how many seeds were compared."""
    accounts = _play(pair, tests, jobs, plays, logs)
    found, count = [], 0
    for (player, before), (_, after) in zip(accounts[BEFORE], accounts[AFTER]):
        found += [(player, one) for one in compare(before, after)]
        count += len(before)
    return found, count


def measure(pair, logs, first, seeds):
    """Play the seeds on both kernels; the differences, as (player, difference), and a count."""
    tests = programs.bench(pair.subject.source)
    found, count = _differences(pair, tests, [(player, first, seeds) for player in PLAYERS],
                                PLAYS, logs)
    meant = [one for one in found if one[1].meant]
    doubtful = [(player, one.seed, 1) for player, one in wrong(found)]
    if doubtful:
        say(f"   {len(doubtful)} once more, at {MORE_PLAYS} moments")
        again, _ = _differences(pair, tests, doubtful, MORE_PLAYS, logs / "again")
        return meant + again, count
    return meant, count


def wrong(found):
    """Those of the differences that are not meant."""
    return [(player, one) for player, one in found if not one.meant]


def summary(found, count):
    """Lines: how often each change that is meant was met, and every other difference."""
    lines = [f"{count - len(found)} of {count} sequences have the same answers"]
    for change in MEANT:
        times = sum(one.meant == change.title for _, one in found)
        lines.append(f"{times} differ as they are meant to: {change.title}")
    return lines + [f"NOT THE SAME: {player[0]}, {one}" for player, one in wrong(found)]


def _parser():
    parser = argparse.ArgumentParser(prog="answers", description=__doc__, epilog=EPILOG)
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("--seeds", type=at_least(1), default=SEEDS,
                        help=f"of each kind of stream (default: {SEEDS})")
    parser.add_argument("--first", type=at_least(0), default=1, help="the first seed (default: 1)")
    return parser


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    logs = LOGS / time.strftime("answers-%Y%m%d-%H%M%S")
    pair = Pair(args.kernel)
    with step(f"{args.seeds} sequences of calls of {len(PLAYERS)} kinds on each kernel"):
        found, count = measure(pair, logs, args.first, args.seeds)
    lines = summary(found, count)
    say("\n" + "\n".join(lines) + "\n")
    files.write(logs / "summary.txt", "\n".join(lines) + "\n")
    say(f"console logs: {logs.relative_to(ROOT)}/")
    return 1 if wrong(found) else 0
