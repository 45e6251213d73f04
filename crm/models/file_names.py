"""What a file that somebody sends may be called here, and what its bytes say it is. The sender's word is not taken."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

LONGEST = 150
# Programs, and what systems start when it is opened.
REFUSED = frozenset(
    {
        "exe", "com", "bat", "cmd", "scr", "pif", "msi", "msp", "cpl", "hta", "jar", "js", "jse", "vbs", "vbe", "wsf",
        "wsh", "ps1", "psm1", "lnk", "reg", "dll", "sys", "app", "dmg", "apk", "sh",
    }
)  # fmt: skip
OPEN_XML = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
)
PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
UNKNOWN = "application/octet-stream"


def safe_name(given: str) -> str:
    """One name without folders, control signs, invisible and reversing letters; "file" where nothing is left."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    for sign in '<>:"|?*':
        name = name.replace(sign, "_")
    name = " ".join(name.split()).strip(". ")
    path = PurePosixPath(name)
    suffix = path.suffix if 1 < len(path.suffix) <= 12 else ""
    stem = name[: len(name) - len(suffix)] if suffix else name
    return (stem[: LONGEST - len(suffix)].strip(". ") + suffix) or "file"


def is_program(name: str, head: bytes) -> bool:
    suffix = PurePosixPath(name).suffix.lower().lstrip(".")
    return suffix in REFUSED or head.startswith(PROGRAMS)


def sniffed(head: bytes, name: str) -> str:
    """The content type by the first bytes. What looks like text is text, whatever mark-up it holds."""
    for signature, found in SIGNATURES:
        if head.startswith(signature):
            return OPEN_XML.get(PurePosixPath(name).suffix.lower(), found) if found == "application/zip" else found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return "text/plain" if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    for lost in range(4):  # the last sign may be cut in two
        try:
            head[: len(head) - lost].decode()
        except UnicodeDecodeError:
            continue
        return True
    return False
