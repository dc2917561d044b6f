"""Typefaces that nobody has: faces of fonts.py with every character bent a little, each its own way.

    bent.py    writes a font file for each of fonts.BENT, and from 100.otf of fonts.UNSEEN, into the folder
               IDREC_BENT, where there is none

A network that has seen a character in four designs has learnt four designs, and errs in the fifth.
"""
import os
import pathlib

import numpy as np
from fontTools.fontBuilder import FontBuilder
from fontTools.misc.transform import Transform
from fontTools.pens.basePen import BasePen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

import charset
import fonts

KNOTS = 4  # a character's field is given at so many places each way
DESCENT = 0.12  # ems


class Bend(BasePen):
    """Draws on another pen, with every point moved by a smooth field: KNOTS x KNOTS pairs of font units."""

    def __init__(self, glyphs, pen, field, em):
        super().__init__(glyphs)
        self.pen, self.field, self.em = pen, field, em

    def at(self, p):
        u = min(max(p[0] / self.em, 0.0), 0.9999) * (KNOTS - 1)
        v = min(max(p[1] / self.em + DESCENT, 0.0), 0.9999) * (KNOTS - 1)
        i, j = int(u), int(v)
        u, v = u - i, v - j
        u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
        (a, b), (c, d) = self.field[j][i : i + 2], self.field[j + 1][i : i + 2]
        return tuple(p[k] + (a[k] * (1 - u) + b[k] * u) * (1 - v) + (c[k] * (1 - u) + d[k] * u) * v for k in (0, 1))

    def _moveTo(self, p):
        self.pen.moveTo(self.at(p))

    def _lineTo(self, p):
        self.pen.lineTo(self.at(p))

    def _curveToOne(self, a, b, c):
        self.pen.curveTo(self.at(a), self.at(b), self.at(c))

    def _closePath(self):
        self.pen.closePath()

    def _endPath(self):
        self.pen.endPath()


def bend(out, seed, path, face, strength, lean=0, stretch=1):
    """Writes the face's characters of chars.txt. strength: how far a knot is moved, in ems, standard
    deviation; lean: of a slanted face, as a tangent, which is taken from it; stretch: of widths."""
    font = TTFont(path, fontNumber=face, lazy=True)
    names, glyphs, em = font.getBestCmap(), font.getGlyphSet(), font["head"].unitsPerEm
    r = np.random.default_rng(seed)
    order, strings, widths, cmap = [".notdef"], {".notdef": T2CharStringPen(em, None).getCharString()}, {".notdef": (em, 0)}, {}
    for c in (*charset.read(), " "):
        if ord(c) not in names:
            continue
        glyph, name = glyphs[names[ord(c)]], f"u{ord(c):04X}"
        width = round(glyph.width * stretch)
        pen = T2CharStringPen(width, None)
        field = r.normal(0, strength * em, (KNOTS, KNOTS, 2)).tolist()
        glyph.draw(TransformPen(Bend(glyphs, pen, field, em), Transform(stretch, 0, -lean * stretch, 1, 0, 0)))
        order.append(name)
        strings[name], widths[name], cmap[ord(c)] = pen.getCharString(), (width, 0), name
    b = FontBuilder(em, isTTF=False)
    b.setupGlyphOrder(order)
    b.setupCharacterMap(cmap)
    b.setupCFF("Bent", {}, strings, {})
    b.setupHorizontalMetrics(widths)
    b.setupHorizontalHeader(ascent=round((1 - DESCENT) * em), descent=round(-DESCENT * em))
    b.setupNameTable({"familyName": "Bent", "styleName": str(seed)})
    b.setupOS2()
    b.setupPost()
    b.save(out)


if __name__ == "__main__":
    for i, spec in (*enumerate(fonts.BENT), *enumerate(fonts.UNSEEN, 100)):
        out = pathlib.Path(fonts.bent(i))
        out.parent.mkdir(parents=True, exist_ok=True)
        if not out.exists():
            new = out.with_suffix(".new")
            bend(new, i, *spec)
            new.rename(out)
