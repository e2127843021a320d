"""Office files are zip archives: their directory is looked at before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

from backoffice.knowledge.imports.proposals import Unreadable

UNPACKED_BYTES = 200 * 1024 * 1024
PART_BYTES = 100 * 1024 * 1024
PARTS = 5000
_RATIO = 200
"""A part that unpacks to more times its size (and is no small one) is a bomb."""
_SMALL = 1024 * 1024


def opened(content: bytes, must_have: str) -> io.BytesIO:
    """The archive, safe to hand to a library. Raises Unreadable for bombs and for what it is not.

    What its directory says is checked by unpacking the parts once, and stopping where one lies.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if must_have not in names:
                raise Unreadable("文件内容和后缀不一致，请另存后再导入")
            if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
                raise Unreadable("文件展开后太大，请拆开后再导入")
            for part in parts:
                _check(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("文件损坏或加了密码，请另存后再导入") from None
    return io.BytesIO(content)


def _check(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.file_size > PART_BYTES or part.file_size > max(_SMALL, part.compress_size * _RATIO):
        raise Unreadable("文件展开后太大，请拆开后再导入")
    if not part.filename.endswith((".xml", ".rels")):
        return
    # External entities and deep entity definitions have no place in an office file.
    with archive.open(part) as unpacked:
        head = unpacked.read(64 * 1024)
        read = len(head)
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise Unreadable("文件里有不允许的内容，请另存后再导入")
        while piece := unpacked.read(1024 * 1024):
            read += len(piece)
            if read > part.file_size:
                raise Unreadable("文件损坏，请另存后再导入")
