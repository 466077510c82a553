"""What a user is told: the messages of an error in both languages, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def has_chinese(text):
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def check(kind, said_en, said_zh, call):
    """``call`` raises ``kind``, with these words in its messages."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert str(error) == error.message("en")
    for lang, said in (("en", said_en), ("zh", said_zh)):
        text = error.message(lang)
        assert said in text
        assert "\n" not in text
        assert "panick" not in text
    assert has_chinese(error.message("zh"))
    assert error.message("zh") != error.message("en")


def run(*args, **env):
    command = Path(sys.executable).with_name("dangjian")
    return subprocess.run(
        [command, *map(str, args)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1", **env},
        timeout=120,
    )
