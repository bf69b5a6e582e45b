"""What is examined: a kernel source, its configuration, the series for it, the selftests."""

from dataclasses import dataclass

from . import deps, programs, races, runner, series, source, stock, verdict, vm
from .kbuild import Builder
from .progress import step

PATIENCE = 12  # seconds that a race has to show on the unpatched kernel; it stops at the first hit
TRIES = 7  # for that, as a narrow window takes luck
JOBS = 2    # guests at a time


def case(row, seconds):
    """What runs a row of races.tsv, for so many seconds."""
    return runner.Case(row.name, row.command(seconds), seconds + races.SLACK)


@dataclass
class Subject:
    """One kernel source, unpatched and patched."""
    source: source.Source
    builder: object
    patches: list

    @classmethod
    def get(cls, kernel, config):
        """Get the source, and all that is needed to build and boot it."""
        deps.install(deps.BUILD_PACKAGES)
        found = source.get(kernel)
        return cls(found, Builder(found, config), series.patches(found))

    @classmethod
    def stock(cls, release):
        """Get a kernel of the distribution, and what its sound modules are built from."""
        deps.install(deps.STOCK_PACKAGES)
        found = source.sound(stock.SERIES, release.version)
        return cls(found, stock.Builder(found, release), series.patches(found))

    @property
    def label(self):
        """How people call the kernel."""
        return self.builder.label

    @property
    def machine(self):
        """What it runs on."""
        return vm.Machine(append=self.builder.append)

    def kernel(self, which):
        """The kernel as it came, or with the series."""
        if which == "unpatched":
            return self.builder.kernel(self.source.base(), which)
        return self.builder.kernel(series.apply(self.source, self.patches), "with the series")

    def excused(self, result):
        """Whether a case cannot show anything on this kernel, for its age."""
        return self.source.lacks_drivers and result.status == verdict.SKIPPED

    def run(self, rows, seconds, logs):
        """Run cases on the kernels side by side; verdicts by case name for each kernel.

        rows: the races to run on "unpatched" and on "patched".
        seconds: how long a case tries to hit its race on the patched kernel.
        """
        tests = programs.build(self.source)
        allowed = {"unpatched": PATIENCE, "patched": seconds}
        batches = {which: runner.Batch(which, self.kernel(which), tests,
                                       [case(row, allowed[which]) for row in rows[which]],
                                       logs, tries=TRIES if which == "unpatched" else 0)
                   for which in rows}
        with step(", ".join(f"{len(rows[which])} cases on {which}" for which in rows)):
            return dict(zip(batches, runner.run_all(list(batches.values()), self.machine, JOBS)))
