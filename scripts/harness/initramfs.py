"""Makes the guest's file system: a newc cpio archive, written without root or tools.

It is not compressed: that takes a guest without KVM longer than it saves.
"""

import os
import stat

from . import deps, files
from .paths import GUEST_INIT

DIRECTORIES = ("bin", "dev", "proc", "sys", "tmp", "modules", "tests")


class _Archive:
    """Appends entries to a cpio archive."""

    def __init__(self, output):
        self.output = output
        self.count = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        """Append one file, directory or device node."""
        self.count += 1
        path = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        header = b"070701" + b"".join(b"%08X" % value for value in fields)
        for part in (header + path, data):
            self.output.write(part + b"\0" * (-len(part) % 4))

    def add_tree(self, top):
        """Append what is below a directory: files, directories and symbolic links."""
        for directory, directories, names in os.walk(top):
            for name in sorted(directories + names):
                path = os.path.join(directory, name)
                mode = os.lstat(path).st_mode
                data = b""
                if stat.S_ISLNK(mode):
                    data = os.readlink(path).encode()
                elif stat.S_ISREG(mode):
                    with open(path, "rb") as content:
                        data = content.read()
                self.add(os.path.relpath(path, top), mode, data)

    def end(self):
        """Append what marks the end."""
        self.add("TRAILER!!!", 0)


def build(path, *, programs=(), modules=(), tree=None):
    """Write an initramfs with these programs in /tests, and a tree of more files in /."""
    with files.complete(path) as part, open(part, "wb") as output:
        archive = _Archive(output)
        if tree:
            archive.add_tree(tree)
        for name in DIRECTORIES:
            archive.add(name, stat.S_IFDIR | 0o755)
        archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.add("bin/busybox", stat.S_IFREG | 0o755, deps.busybox().read_bytes())
        archive.add("init", stat.S_IFREG | 0o755, GUEST_INIT.read_bytes())
        for program in programs:
            archive.add(f"tests/{program.name}", stat.S_IFREG | 0o755, program.read_bytes())
        for module in modules:
            archive.add(f"modules/{module.name}", stat.S_IFREG | 0o644, module.read_bytes())
        archive.end()
