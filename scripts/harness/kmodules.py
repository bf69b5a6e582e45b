"""Kernel modules as files: what they are called, what they need, in which order they load."""

import lzma
import re

from .failure import Failure

_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
_FILE = re.compile(r"(?:\d\d-)?(.+)\.ko(?:\.xz)?")


def name(path):
    """What the kernel calls the module in this file."""
    return _FILE.fullmatch(path.name)[1].replace("-", "_")


def contents(path):
    """The module as insmod takes it."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def needs(data):
    """Names of the modules that a module uses."""
    found = _DEPENDS.search(data)
    if not found:
        raise Failure("a kernel module without a list of what it depends on")
    return [word.replace("-", "_") for word in found[1].decode().split(",") if word]


def in_order(wanted, find):
    """Contents by name of these modules and of all that they need, each after what it needs.

    find: gives the contents of a module by its name.
    """
    loaded = {}

    def load(module):
        if module not in loaded:
            data = find(module)
            for needed in needs(data):
                load(needed)
            loaded[module] = data

    for module in wanted:
        load(module)
    return loaded


def collect(wanted, paths, directory):
    """Write modules, and what they need, under names that sort as they have to be loaded.

    paths: where they may be found; the last one of a name counts.
    """
    found = {name(path): path for path in paths}

    def find(module):
        if module not in found:
            raise Failure(f"there is no kernel module {module}")
        return contents(found[module])

    for number, (module, data) in enumerate(in_order(wanted, find).items()):
        (directory / f"{number:02}-{module.replace('_', '-')}.ko").write_bytes(data)
