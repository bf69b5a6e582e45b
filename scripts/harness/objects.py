"""Object directories of other compilers and architectures: for analysis, nothing of it boots."""

from . import files
from .kbuild import Builder
from .paths import KCONFIG, SCRIPTS

ANALYSIS = SCRIPTS / "analysis"


class Objects(Builder):
    """Builds one source with one compiler, in one object directory."""

    def __init__(self, source, name, *tools):
        super().__init__(source, "analysis", name)
        self.tools = tools
        own = ANALYSIS / f"{name}.config"
        self.fragments = [KCONFIG / "base.config", ANALYSIS / "analysis.config",
                          *([own] if own.exists() else [])]

    def configure(self):
        """Write .config with as much of what is asked for as this architecture has."""
        stamp = self.objects / ".configured"
        asked = "\n".join([*map(str, self.tools),
                           *(path.read_text(encoding="utf-8") for path in self.fragments)])
        if stamp.exists() and stamp.read_text(encoding="utf-8") == asked:
            return
        self.merge(self.fragments)
        files.write(stamp, asked)

    def has(self, symbol):
        """Whether the configuration sets a symbol."""
        dotconfig = (self.objects / ".config").read_text(encoding="utf-8")
        return f"CONFIG_{symbol}=y" in dotconfig.splitlines()
