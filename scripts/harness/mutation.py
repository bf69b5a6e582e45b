"""Takes single fixes out of the series, to see which test notices (scripts/mutations)."""

import filecmp
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import files, programs, races, runner, verdict, vm
from .failure import Failure
from .kbuild import Builder, Kernel
from .paths import BUILD, GUEST_INIT, MUTATIONS
from .progress import step

WITH_MODULES = GUEST_INIT.with_name("with-modules")
SECONDS = 12  # that a case may try; it stops when it has noticed
CONTROL_SECONDS = 3  # that it tries without a mutation
TRIES = 3     # of a case that has not noticed: a narrow window takes luck
JOBS = 2      # guests at a time

_FIELD = re.compile(r"^(Title|Undoes|Cases|Noticed|Survives): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Mutation:
    """One change that makes the series worse, and the cases that should notice."""
    path: Path
    title: str
    undoes: str      # subject of the patch that the change takes a piece out of
    cases: tuple     # names as in races.tsv
    noticed: str     # the date when a full run last saw that, or None
    survives: str    # why no test is expected to notice, or None

    @property
    def name(self):
        """What it is called on the command line."""
        return self.path.stem

    def apply(self, source, *options):
        """Take it out of the work tree of a source, or with --check only see if that can be."""
        try:
            source.git("apply", *options, self.path)
        except Failure as failure:
            raise Failure(f"{self.path.name} does not apply: {failure}") from None


def read(folder=MUTATIONS):
    """All mutations, in the order of their file names."""
    known = {race.name for race in races.read()}
    return [_parse(path, known) for path in sorted(folder.glob("*.patch"))]


def _parse(path, known):
    head = path.read_text(encoding="utf-8").partition("\n---")[0]
    fields = dict(_FIELD.findall(head))
    cases = tuple(fields.get("Cases", "").split())
    wrong = [case for case in cases if case not in known]
    if wrong:
        raise Failure(f"{path.name}: no such case: {wrong[0]}")
    if "Title" not in fields or "Undoes" not in fields or not (cases or "Survives" in fields):
        raise Failure(f"{path.name}: needs Title, Undoes, and Cases or Survives")
    return Mutation(path, fields["Title"], fields["Undoes"], cases, fields.get("Noticed"),
                    fields.get("Survives"))


class Bare(Kernel):
    """A kernel that loads no module when it boots."""

    @property
    def modules(self):
        """None: each case loads its own."""
        return []


class Nursery:
    """Builds mutants of one kernel: its sound modules, the rest stays."""

    def __init__(self, builder, commit):
        self.builder = Builder(builder.source, f"{builder.config}+modular")
        self.commit = commit
        self._seed(builder.objects)
        self.kernel = self.builder.kernel(commit, "with the series and modules")
        self.folder = BUILD / "mutants"
        self.builder.source.checkout(commit)
        self.builder.make("modules")
        files.remove(self.folder)
        self._keep("base", lambda module: True)

    def _seed(self, objects):
        """Most objects are the same whether the PCM core is a module or not."""
        if objects.exists() and not self.builder.objects.exists():
            with files.complete(self.builder.objects) as part:
                shutil.copytree(objects, part, symlinks=True)

    def _keep(self, name, wanted):
        """Keep the modules that were built and are wanted as those of this name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for module in self.builder.objects.glob("sound/**/*.ko"):
            if wanted(module):
                shutil.copy(module, self.folder / f"{name}.{module.name}")

    def _changed(self, module):
        return not filecmp.cmp(module, self.folder / f"base.{module.name}", shallow=False)

    def breed(self, mutation):
        """Build the modules with one mutation, and leave the tree without it."""
        source = self.builder.source
        mutation.apply(source)
        try:
            with step(f"building {mutation.name}"):
                self._build(mutation.name)
        finally:
            source.checkout(self.commit)

    def grow(self, name, commit):
        """Build the modules of another commit, and leave the tree there."""
        self.builder.source.checkout(commit)
        self._build(name)

    def _build(self, name):
        self.builder.make("modules")
        self._keep(name, self._changed)

    def discard(self, name):
        """Delete what was kept as the modules of this name."""
        for module in self.folder.glob(f"{name}.*"):
            files.remove(module)

    def run(self, cases, tests, logs, machine=vm.Machine(), tries=1):
        """Verdicts by name of cases: each runs one of the tests with one set of modules."""
        batch = runner.Batch("mutants", Bare(self.kernel.directory),
                             [*tests, WITH_MODULES, *sorted(self.folder.iterdir())],
                             cases, logs, tries)
        return runner.run_all([batch], machine, JOBS)[0]


def with_modules(name, command):
    """The command that runs another one with the modules of this name."""
    return f"/tests/{WITH_MODULES.name} {name} {command}"


def _case(mutant, name, seconds):
    """A case to run with the modules of a mutant, or with those of base."""
    race = next(race for race in races.read() if race.name == name)
    return runner.Case(f"{mutant}/{name}", with_modules(mutant, race.command(seconds)),
                       seconds + races.SLACK)


def examine(nursery, mutations, names_of, logs):
    """Verdicts by case for each mutation, and under None those without one.

    names_of: the cases to run on a mutation.
    """
    for mutation in mutations:
        nursery.breed(mutation)
    names = dict.fromkeys(name for one in mutations for name in names_of(one))
    tests = programs.build(nursery.builder.source)
    control = nursery.run([_case("base", name, CONTROL_SECONDS) for name in names], tests, logs)
    results = nursery.run([_case(one.name, name, SECONDS)
                           for one in mutations for name in names_of(one)],
                          tests, logs, tries=TRIES)
    found = {one: {name: results[f"{one.name}/{name}"] for name in names_of(one)}
             for one in mutations}
    found[None] = {name: control[f"base/{name}"] for name in names}
    return found


def undecided(results):
    """The first case that gave no verdict, and why; or None."""
    return next(((name, one) for name, one in results.items()
                 if not one.shows and one.status != verdict.PASSED), None)


def noticed(results):
    """The first case that noticed, and its verdict; or None."""
    return next(((name, one) for name, one in results.items() if one.shows), None)
