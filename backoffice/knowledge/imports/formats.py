"""Which reader a file gets: by its name, held against its first bytes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath

from backoffice.knowledge.imports.proposals import Reading, Unreadable

_ZIP, _PDF, _OLE = b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXTS = {".md": "markdown", ".markdown": "markdown", ".txt": "markdown", ".html": "html", ".htm": "html"}
_TABLES = {".csv": "tables", ".tsv": "tables"}
_ZIPS = {".docx": "word", ".xlsx": "excel"}
_OLD = {".doc": "Word 文档请另存为 .docx", ".xls": "Excel 表格请另存为 .xlsx", ".ppt": "不支持幻灯片"}
KINDS = (*_TEXTS, *_TABLES, *_ZIPS, ".pdf")


def read(content: bytes, name: str) -> Reading:
    """Raises Unreadable where the file is not what its name says, or nothing that is read here."""
    ending = PurePath(name).suffix.lower()
    if not content.strip():
        raise Unreadable("文件是空的")
    if content.startswith(_OLE):
        if ending in _ZIPS:
            raise Unreadable("文件加了密码，或是旧格式改了后缀：请去掉密码，另存为新格式再导入")
        raise Unreadable(_OLD.get(ending, "不支持这种旧格式的文件，请另存为新格式再导入"))
    if ending in _OLD:
        raise Unreadable(f"{_OLD[ending]}再导入")
    if ending not in KINDS:
        raise Unreadable(f"不支持 {ending or '没有后缀的'} 文件，可以导入：{'、'.join(KINDS)}")
    if (ending in _ZIPS) != content.startswith(_ZIP) or (ending == ".pdf") != (_PDF in content[:1024]):
        raise Unreadable(f"文件内容不是 {ending}，后缀和内容不一致")
    module = {**_TEXTS, **_TABLES, **_ZIPS, ".pdf": "pdf"}[ending]
    reader = import_module(f"backoffice.knowledge.imports.{module}")
    given: bytes | str = text(content) if ending in _TEXTS or ending in _TABLES else content
    parse: Callable[[bytes | str, str], Reading] = reader.read
    reading = parse(given, name)
    if not reading.proposals and not reading.refusals:
        raise Unreadable("文件里没有可以导入的文字")
    return reading


def text(content: bytes) -> str:
    """UTF-8, with or without its mark, UTF-16 with one, or GB18030. Raises Unreadable for anything else."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
        if b"\x00" in content:
            raise Unreadable("这不是文本文件")
    for encoding in encodings:
        try:
            told = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        controls = [each for each in told[:20_000] if unicodedata.category(each) == "Cc"]
        if sum(each not in "\r\n\t\f" for each in controls) > 5:
            raise Unreadable("这不是文本文件")
        return told
    raise Unreadable("文字编码认不出来，请另存为 UTF-8 再导入")
