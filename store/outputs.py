"""A job's output as a file: any size, and without its front once it grew over the cap; offsets hold."""

import errno
import os


def first_kept(file: int) -> int:
    """The first byte that is still there: before it the shim has made a hole, which would read as zeros.

    A file system that knows nothing of holes says 0.
    """
    try:
        return os.lseek(file, 0, os.SEEK_DATA)
    except OSError as error:
        return os.fstat(file).st_size if error.errno == errno.ENXIO else 0


def read(file: int, offset: int, size: int) -> tuple[int, bytes]:
    """Up to `size` bytes from `offset`, or from the first that is kept after it; and from where."""
    start = max(offset, first_kept(file))
    data = os.pread(file, size, start)
    if (now := first_kept(file)) > start:  # dropped while it was read
        return now, data[now - start :]
    return start, data
