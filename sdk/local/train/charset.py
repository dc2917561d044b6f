"""The characters that the Chinese network reads: chars.txt, one class a character, in class order.

    charset.py          append what is missing, in code point order
    charset.py --check  fail if something is missing or stands twice

Class 0 is the blank; the character on place i (from 0) is class i + 1. The order is part of every
checkpoint, so characters are only ever appended.

Sources: GB 2312-1980 whole (rows 16-87); the table of general standard Chinese characters of 2013
(tongyong guifan hanzi biao, 8,105 characters; since 2013 new names are registered with these), from
the field kTGH of Unicode's Unihan database; the names of divisions, towns and villages; what package
specimen can draw; Latin letters, digits and punctuation of card texts.
"""
import bz2
import pathlib
import sys

import places

HERE = pathlib.Path(__file__).parent
CHARS = HERE / "chars.txt"
SPECIMEN = HERE / "../../specimen/fonts/extra.txt"
UNIHAN = "/usr/share/unicode/Unihan_OtherMappings.txt.bz2"

# Printed alike or nearly so: one class, read as the first form.
FOLD = {
    "•": "·", "‧": "·", "・": "·", "–": "—", "―": "—", "Ⅹ": "X",
    "“": '"', "”": '"', "‘": "'", "’": "'", "…": "·",
    **{chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)},  # full-width forms
}
PUNCTUATION = "·—、。〇°×《》「」『』【】〔〕"
ASCII = "".join(map(chr, range(0x21, 0x7F)))


def gb2312():
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes([row, cell]).decode("gb2312")
            except UnicodeDecodeError:
                pass  # row 55 has five empty cells


def general_standard():
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as lines:
        for line in lines:
            part = line.split("\t")
            if len(part) == 3 and part[1] == "kTGH":
                yield chr(int(part[0][2:], 16))


def specimen():
    for line in SPECIMEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from "".join(line.split())


def read():
    """The classes without the blank."""
    return list(CHARS.read_text(encoding="utf-8").rstrip("\n"))


def fold(text):
    return "".join(FOLD.get(c, c) for c in text)


def wanted():
    w = set(ASCII) | set(PUNCTUATION) | set(gb2312()) | set(general_standard()) | set(specimen())
    for name in places.names():
        w.update(c for c in name if "\u3400" <= c)
    return {fold(c) for c in w if not "\ue000" <= c <= "\uf8ff"}


def main():
    have = read() if CHARS.exists() else []
    missing = sorted(wanted() - set(have))
    if len(set(have)) != len(have):
        raise SystemExit("chars.txt: a character stands twice")
    if "--check" in sys.argv:
        if missing:
            raise SystemExit(f"chars.txt: {len(missing)} characters are missing")
        return
    CHARS.write_text("".join(have + missing) + "\n", encoding="utf-8")
    print(f"chars.txt: {len(have)} + {len(missing)} characters")


if __name__ == "__main__":
    main()
