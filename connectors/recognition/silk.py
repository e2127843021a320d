"""Decodes SILK (the format of Tencent's voice messages) from its input to its output: PCM, 16 bits, mono, 16 kHz."""

from __future__ import annotations

import io
import resource
import sys

import pysilk

_RATE = 16_000
_MEMORY = 512 * 1024**2


def main() -> None:
    """Decode one recording. A broken one ends the process with an error code, whatever it does to the decoder."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY * 4, _MEMORY * 4))
    pcm = io.BytesIO()
    try:
        pysilk.decode(io.BytesIO(sys.stdin.buffer.read()), pcm, _RATE)
    except pysilk.SilkError:
        sys.exit(1)
    sys.stdout.buffer.write(pcm.getvalue())


if __name__ == "__main__":
    main()
