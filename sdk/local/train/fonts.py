"""The fonts lines are drawn in, all from Debian packages, and a cache of their glyphs."""
import os

import numpy as np
from fontTools.ttLib import TTFont
from PIL import ImageFont

EM = 40  # pixels an em at which glyphs are drawn, before the camera's scale

_OT = "/usr/share/fonts/opentype/"
_NOTO = _OT + "noto/"
_TT = "/usr/share/fonts/truetype/"
SC = 2  # the simplified Chinese face of the Noto CJK collections

# (path, face, weight). The card prints a 黑体; the other styles teach the strokes, not the style.
TRAIN = [
    (_NOTO + "NotoSansCJK-Regular.ttc", SC, 9),
    (_NOTO + "NotoSansCJK-DemiLight.ttc", SC, 8),
    (_NOTO + "NotoSansCJK-Medium.ttc", SC, 8),
    (_NOTO + "NotoSansCJK-Light.ttc", SC, 7),
    (_NOTO + "NotoSansCJK-Bold.ttc", SC, 6),
    (_NOTO + "NotoSansCJK-Black.ttc", SC, 1),
    (_TT + "droid/DroidSansFallbackFull.ttf", 0, 9),
    (_TT + "wqy/wqy-microhei.ttc", 0, 9),
    (_TT + "lxgw-wenkai/LXGWWenKai-Regular.ttf", 0, 3),
    (_TT + "lxgw-wenkai/LXGWWenKai-Bold.ttf", 0, 3),
    (_TT + "lxgw-wenkai/LXGWWenKai-Light.ttf", 0, 1),
    (_NOTO + "NotoSerifCJK-Regular.ttc", SC, 2),
    (_NOTO + "NotoSerifCJK-SemiBold.ttc", SC, 2),
    (_TT + "arphic/uming.ttc", 0, 2),
    (_TT + "arphic/ukai.ttc", 0, 2),
    (_TT + "arphic-gbsn00lp/gbsn00lp.ttf", 0, 1),
    (_TT + "arphic-gkai00mp/gkai00mp.ttf", 0, 1),
    (_TT + "babelstone/BabelStoneHan.ttf", 0, 3),
]
# More 黑体, each with the characters that Japanese shares with Chinese, 4,800 to 5,300 of the list (M+ 3,200);
# a 得意黑, slanted and narrow, and one more 宋体, both with all of GB 2312.
MORE = [
    (_OT + "ipaexfont-gothic/ipaexg.ttf", 0, 4),
    (_TT + "bizud-gothic/BIZUDGothic-Regular.ttf", 0, 4),
    (_TT + "horai-umefont/ume-tgo4.ttf", 0, 3),
    (_OT + "mplus/Mplus1-Medium.otf", 0, 2),
    (_TT + "bizud-gothic/BIZUDGothic-Bold.ttf", 0, 2),
    (_OT + "mplus/Mplus1-Light.otf", 0, 2),
    (_TT + "smiley-sans/SmileySans-Oblique.ttf", 0, 3),
    (_TT + "hanazono/HanaMinA.ttf", 0, 2),
]
# Faces that are bent: path, face and how (bent.bend).
BENT = [
    (_NOTO + "NotoSansCJK-Regular.ttc", SC, 0.020),
    (_NOTO + "NotoSansCJK-DemiLight.ttc", SC, 0.024, 0, 0.96),
    (_NOTO + "NotoSansCJK-Medium.ttc", SC, 0.020, 0, 1.03),
    (_NOTO + "NotoSansCJK-Light.ttc", SC, 0.024),
    (_NOTO + "NotoSansCJK-Bold.ttc", SC, 0.016),
    (_TT + "droid/DroidSansFallbackFull.ttf", 0, 0.022),
    (_TT + "wqy/wqy-microhei.ttc", 0, 0.022, 0, 1.02),
    (_TT + "smiley-sans/SmileySans-Oblique.ttf", 0, 0.006, 0.17, 1.2),
    (_TT + "smiley-sans/SmileySans-Oblique.ttf", 0, 0.016, 0.17, 1.12),
    (_TT + "lxgw-wenkai/LXGWWenKai-Bold.ttf", 0, 0.014),
]
# Bent more, and never trained on: what confidences are fitted on beside the face of the specimens.
UNSEEN = [
    (_NOTO + "NotoSansCJK-Regular.ttc", SC, 0.030),
    (_TT + "wqy/wqy-microhei.ttc", 0, 0.030),
]
HELD_OUT = [(_TT + "wqy/wqy-zenhei.ttc", 0, 1)]
# The number line. On the card it is OCR-B with its advance drawn together.
NUMBER = [("/usr/share/fonts/opentype/ocr-b/OCRB.otf", 0, 4), ("/usr/share/fonts/opentype/ocr-b/OCRBS.otf", 0, 1)]


def bent(i):
    """The file of BENT[i], or from 100 of UNSEEN, which bent.py writes."""
    return os.path.join(os.environ.get("IDREC_BENT", os.path.expanduser("~/.cache/idrec-train/bent")), f"{i}.otf")


class Font:
    def __init__(self, path, face, weight=1):
        self.font = ImageFont.truetype(path, EM, index=face, layout_engine=ImageFont.Layout.BASIC)
        self.weight = weight
        self.glyphs = {}
        self.set = {chr(c) for c in TTFont(path, fontNumber=face, lazy=True).getBestCmap()}

    def glyph(self, c):
        """(mask, x, y, advance): the mask's offset from the pen on the base line."""
        g = self.glyphs.get(c)
        if g is None:
            mask, (x, y) = self.font.getmask2(c, "L", anchor="ls")
            a = np.array(mask, np.uint8).reshape(mask.size[1], mask.size[0])
            g = self.glyphs[c] = (a, x, y, self.font.getlength(c))
        return g


class Fonts:
    def __init__(self, specs, chars):
        self.fonts = [Font(*s) for s in specs]
        self.weights = [f.weight for f in self.fonts]
        for f in self.fonts:
            f.pool = [c for c in chars if c in f.set]
            f.set.intersection_update(chars)

    def pick(self, r):
        return r.choices(self.fonts, self.weights)[0]
