"""Where things are; everything that is made lies under build/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
PATCHES = ROOT / "patches"
SELFTESTS = ROOT / "selftests"
KCONFIG = SCRIPTS / "kconfig"
BENCH_GUEST = SCRIPTS / "bench-guest"
GUEST_INIT = SCRIPTS / "guest" / "init"
GUEST_SOAK = SCRIPTS / "guest" / "soak"
GUEST_REAL_PROGRAMS = SCRIPTS / "guest" / "real-programs"
RACES = SCRIPTS / "races.tsv"
MUTATIONS = SCRIPTS / "mutations"

BUILD = ROOT / "build"
DOWNLOADS = BUILD / "download"
SOURCES = BUILD / "source"
KERNELS = BUILD / "kernel"
STOCK = BUILD / "stock"
PROGRAMS = BUILD / "programs"
USERLAND = BUILD / "userland"
LOGS = BUILD / "logs"
RESULTS = BUILD / "bench"
