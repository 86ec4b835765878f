"""Files that take their place when they are whole: written beside it, synced, renamed."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from hitwatch.errors import OutputError
from hitwatch.outputs.streams import file_of, write_all
from hitwatch.outputs.target import Target, target_of, unwritable

ENDING = ".hitwatch-part"
"""How unfinished files end, of which a killed run may leave one behind."""

_BLOCK = 1 << 20
_PENDING: set[Replacement] = set()


class Replacement:
    """A file that is written beside the one it will replace.

    Where the folder takes no new file, or what makes the old one what it is could not be
    given to a new one (its owner, attributes, further hard links, a mount of its own), the
    finished bytes are copied into the old file instead.

    Args:
        target: a regular file, or none yet.

    Raises:
        OutputError: it must not be written.

    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._name: str | None = None
        self._folder = -1
        try:
            if target.status and not _writable(str(target.path)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            descriptor = self._begin()
        except OSError as error:
            self._clean_up()
            raise unwritable(target.named, error) from error
        self.file = file_of(descriptor, target)
        _PENDING.add(self)

    def _begin(self) -> int:
        """Open the file that is written; its name is kept where it has one."""
        folder, status = self._target.path.parent, self._target.status
        # By its descriptor, names do not get too long, and the folder may be renamed.
        self._folder = os.open(folder, getattr(os, "O_PATH", 0) | os.O_DIRECTORY | os.O_CLOEXEC)
        name = _name_beside(self._target.path.name, _longest_name(str(folder)))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            # The umask, or the folder's default list, applies to what is new.
            descriptor = os.open(name, flags, 0o600 if status else 0o666, dir_fd=self._folder)
        except OSError as error:
            if status is None or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            # A file may be writable in a folder that is not: it is filled when all is there.
            from tempfile import TemporaryFile

            with TemporaryFile() as unnamed:
                return os.dup(unnamed.fileno())
        self._name = name
        return descriptor

    def commit(self) -> None:
        """Let it take its place.

        Raises:
            OutputError: it could not; the old file is as it was.

        """
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            found = target_of(self._target.named)
            if found.is_stream or found.path != self._target.path:
                raise OutputError(
                    "was replaced by something else during the run",
                    where=str(self._target.named),
                    hint="nothing was written; try again",
                )
            if not self._rename_over(found.status):
                self._copy_into(found)
        except OSError as error:
            raise unwritable(self._target.named, error) from error
        finally:
            self.discard()

    def _rename_over(self, status: os.stat_result | None) -> bool:
        """Whether it could be put in the place of the old one with all that this was."""
        if self._name is None or (status and status.st_nlink > 1):
            return False
        kept = status or self._target.status
        if kept and not _copy_metadata(
            self.file.fileno(), kept, self._target.path if status else None
        ):
            return False
        try:
            os.rename(
                self._name, self._target.path.name, src_dir_fd=self._folder, dst_dir_fd=self._folder
            )
        except OSError as error:
            # A file that is a mount of its own; another's file in a sticky folder.
            if status and error.errno in (errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV):
                return False
            raise
        self._name = None
        with suppress(OSError):
            folder = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
            os.fsync(folder)
            os.close(folder)
        return True

    def _copy_into(self, found: Target) -> None:
        """Fill the old file; space is taken first, so that a full disk leaves it as it is."""
        source = self.file.fileno()
        size = os.fstat(source).st_size
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(found.path, flags | (os.O_CREAT if found.is_new else 0), 0o666)
        try:
            before = os.fstat(descriptor).st_size
            _reserve(descriptor, size, before)
            offset = 0
            while block := os.pread(source, _BLOCK, offset):
                write_all(descriptor, block)
                offset += len(block)
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self) -> None:
        """Leave what was there as it was; harmless after ``commit``."""
        _PENDING.discard(self)
        with suppress(OSError):
            self.file.close()
        self._clean_up()

    def _clean_up(self) -> None:
        if self._name is not None:
            with suppress(OSError):
                os.unlink(self._name, dir_fd=self._folder)
            self._name = None
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def discard_all() -> None:
    """Remove what is unfinished, when the process ends at once."""
    for pending in list(_PENDING):
        pending.discard()


def _writable(path: str) -> bool:
    """Whether the process may write, as the effective user; files may be marked read-only."""
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)


def _longest_name(folder: str) -> int:
    with suppress(OSError, ValueError):
        return os.pathconf(folder, "PC_NAME_MAX")
    return 255


def _name_beside(name: str, longest: int) -> str:
    """An unused name, which begins with the file's own as far as there is room."""
    end = os.fsencode(f".{os.urandom(4).hex()}{ENDING}")
    return os.fsdecode((b"." + os.fsencode(name))[: longest - len(end)] + end)


def _copy_metadata(descriptor: int, status: os.stat_result, path: object) -> bool:
    """Give a new file owner, mode and attributes of the old one; whether it has them all."""
    try:
        new = os.fstat(descriptor)
        if (new.st_uid, new.st_gid) != (status.st_uid, status.st_gid):
            os.fchown(descriptor, status.st_uid, status.st_gid)
        # After the owner, whose change takes set-user-ID bits away.
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        if path is not None and hasattr(os, "listxattr"):
            _copy_attributes(descriptor, str(path))
    except OSError:
        return False
    return True


def _copy_attributes(descriptor: int, path: str) -> None:
    """Extended attributes, which POSIX access lists and security labels are too (xattr(7))."""
    old, new = _attributes(path), _attributes(descriptor)
    for name in new.keys() - old.keys():
        os.removexattr(descriptor, name)
    for name, value in old.items():
        if new.get(name) != value:
            os.setxattr(descriptor, name, value)


def _attributes(file: str | int) -> dict[str, bytes]:
    try:
        names = os.listxattr(file)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return {}
        raise
    return {name: os.getxattr(file, name) for name in names}


def _reserve(descriptor: int, size: int, before: int) -> None:
    if size <= before or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, before, size - before)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            return
        os.ftruncate(descriptor, before)
        raise
