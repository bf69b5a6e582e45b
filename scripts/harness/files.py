"""Files and directories that appear complete or not at all."""

import os
import shutil
from contextlib import contextmanager


def remove(path):
    """Remove a file or a tree, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def complete(path):
    """Give a name to write to; it becomes path when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    remove(part)
    try:
        yield part
        remove(path)
        os.rename(part, path)
    except BaseException:
        remove(part)
        raise


def write(path, text):
    """Write text to path, whole or not at all."""
    with complete(path) as part:
        part.write_text(text, encoding="utf-8")
