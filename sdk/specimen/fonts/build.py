#!/usr/bin/env python3
"""Makes the two fonts that package specimen embeds, and SHA256SUMS.

    apt-get install fonts-noto-cjk fonts-ocr-b python3-fonttools
    /usr/bin/python3 build.py

Made with Debian 12's fonts-noto-cjk 1:20220127+repack1-1 (Noto Sans CJK SC Regular 2.004),
fonts-ocr-b 0.3~dfsg1-1 (OCR-B by Norbert Schwarz and Matthew Skala) and python3-fonttools 4.38.0;
other versions give other bytes. Both fonts are cut to the characters needed, turned from cubic to
quadratic outlines (TrueType), and freed of hints and layout tables, which nothing here uses.
"""
import hashlib
import pathlib

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

HERE = pathlib.Path(__file__).parent
NOTO = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
NOTO_SC = 2  # the simplified Chinese face in the collection
OCRB = "/usr/share/fonts/opentype/ocr-b/OCRB.otf"

# Punctuation of card texts: middle dot and its look-alikes, Chinese quotes, brackets, full-width forms.
PUNCTUATION = "·•・．‧—–―…、。〇《》「」『』【】〔〕（），：；！？－／～ＸⅩ％“”‘’×°"

# How far a quadratic outline may leave the cubic one, in font units (1000 an em). At 60 pixels an em
# 2 units are an eighth of a pixel.
MAX_ERROR = 2.0


def gb2312():
    """The 6,763 characters of GB 2312-1980, rows 16 to 87."""
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes([row, cell]).decode("gb2312")
            except UnicodeDecodeError:
                pass  # row 55 has five empty cells


def extra():
    for line in (HERE / "extra.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from "".join(line.split())


def cut(font, characters, family):
    missing = sorted(set(characters) - {chr(c) for c in font.getBestCmap()})
    if missing:
        raise SystemExit(f"{family}: the source font lacks {' '.join(missing)}")
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 13, 14]  # copyright, licence and its address
    options.glyph_names = False
    options.notdef_outline = True
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE", "GDEF", "GPOS", "GSUB", "FFTM", "DSIG"]
    s = subset.Subsetter(options)
    s.populate(unicodes=[ord(c) for c in characters])
    s.subset(font)


def quadratic(font):
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    outlines = {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        outlines[name] = pen.glyph()
    glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, outlines
    font["glyf"], font["loca"] = glyf, newTable("loca")
    del font["CFF "]
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field, value in {"maxZones": 1, "maxTwilightPoints": 0, "maxStorage": 0, "maxFunctionDefs": 0,
                         "maxInstructionDefs": 0, "maxStackElements": 0, "maxSizeOfInstructions": 0,
                         "maxComponentElements": 0}.items():
        setattr(maxp, field, value)
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


def rename(font, family):
    """The fonts are changed versions, so they carry names of their own."""
    for name_id, text in ((1, family), (2, "Regular"), (3, family + " Regular"), (4, family + " Regular"),
                          (6, family.replace(" ", "") + "-Regular")):
        font["name"].setName(text, name_id, 3, 1, 0x409)


def save(font, path):
    font["head"].created = font["head"].modified = 0
    font.recalcTimestamp = False
    font.save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {len(font.getBestCmap())} characters, {path.stat().st_size} bytes")
    return f"{digest}  {path.name}\n"


def main():
    ascii_ = {chr(c) for c in range(0x20, 0x7F)}
    han = TTFont(NOTO, fontNumber=NOTO_SC)
    cut(han, sorted(ascii_ | set(PUNCTUATION) | set(gb2312()) | set(extra())), "Specimen Hei")
    quadratic(han)
    rename(han, "Specimen Hei")
    sums = save(han, HERE / "specimen-hei.ttf")

    ocrb = TTFont(OCRB)
    cut(ocrb, sorted(set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -<")), "Specimen OCR-B")
    quadratic(ocrb)
    rename(ocrb, "Specimen OCR-B")
    sums += save(ocrb, HERE / "specimen-ocr-b.ttf")
    (HERE / "SHA256SUMS").write_text(sums)


if __name__ == "__main__":
    main()
