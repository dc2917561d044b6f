"""Draws text lines as a reader of card photos meets them, with the place of every character.

Three scales: the font's (EM pixels an em), where text is set; the camera's (8 to 44 pixels an em),
where light, blur, noise and compression happen; the network's (about 26 pixels an em, 32 high).
"""
import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fonts import EM
from net import HEIGHT

cv2.setNumThreads(1)
MARGIN = 12  # font pixels around the crop, so that warps and filters have no edge in sight
CENTRE = 0.38  # middle of a full-width character above its base line, in ems
OVERLAY_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
OVERLAY_TEXTS = ("仅供办理业务使用", "复印无效", "仅供本次登记使用他用无效", "再次复印无效", "样本", "样本样本", "仅供核验身份")

# How hard a line is, as ranges. cam: camera pixels an em; blur: Gaussian, in ems; copy: chance of a
# photocopy or scan.
TRAIN = dict(cam=(9.5, 42), blur=0.10, noise=9, jpeg=(30, 96), light=0.14, exposure=0.28, glare=0.09, motion=0.15,
             overlay=0.16, copy=0.15, warp=1.0, paper=(145, 245), ink=(5, 75), faint=0.12)
NUMBER = dict(TRAIN, cam=(10, 56), blur=0.10, warp=0.7)
_CLEAN = dict(TRAIN, blur=0.02, noise=2, jpeg=(85, 96), light=0.02, exposure=0.05, glare=0, motion=0, overlay=0,
              copy=0, warp=0.3, paper=(205, 240), ink=(15, 50), faint=0)
# The test set's levels; the camera's scale is what 900-1600, 600-1000, 430-700, 300-430 pixels of card
# width give (an em is 4.1 % of the width).
LEVELS = {
    "flat": dict(_CLEAN, cam=(36, 44)),
    "easy": dict(_CLEAN, cam=(36, 60), blur=0.04, noise=4, jpeg=(70, 95), light=0.06, exposure=0.15, warp=0.7,
                 overlay=0.3),
    "medium": dict(_CLEAN, cam=(25, 41), blur=0.05, noise=6, jpeg=(60, 92), light=0.1, exposure=0.2, glare=0.02,
                   motion=0.05, overlay=0.3, warp=1),
    "hard": dict(TRAIN, cam=(18, 29), blur=0.07, noise=8, jpeg=(45, 85), motion=0.1, overlay=0.3, copy=0, faint=0.05),
    "extreme": dict(TRAIN, cam=(12.3, 17.6), blur=0.08, noise=8, jpeg=(40, 80), motion=0.1, overlay=0.3, copy=0,
                    faint=0.05),
    "copy": dict(TRAIN, cam=(27, 42), copy=1, overlay=0.5, glare=0, motion=0, blur=0.03, jpeg=(60, 95)),
}
NUMBER_SCALE = 1.35  # the number line is larger than the text lines by this


def _log_uniform(g, lo, hi):
    return math.exp(g.uniform(math.log(lo), math.log(hi)))


def _guilloche(g, w=900, h=140):
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    a = np.zeros((h, w), np.float32)
    for _ in range(g.integers(1, 4)):
        th, per = g.normal(math.pi / 2, 0.3), g.uniform(4, 11)
        bend = g.uniform(1, 9) * np.sin(x / g.uniform(10, 60) + g.uniform(0, 6.28))
        u = x * math.cos(th) + y * math.sin(th) + bend
        a += np.clip(np.sin(u * 2 * math.pi / per + g.uniform(0, 6.28)) - g.uniform(0, 0.7), 0, 1)
    return a


def _overlay(g, w=1300, h=420):
    """Stamps, purposes written across, 样本: how much they cover, 0 to 1."""
    im = Image.new("L", (w, h))
    d = ImageDraw.Draw(im)
    k = g.random()
    if k < 0.3:  # stamps: a ring with text
        for _ in range(3):
            x, y, rad = g.uniform(0, w), g.uniform(0, h), g.uniform(90, 190)
            d.ellipse((x - rad, y - rad, x + rad, y + rad), outline=255, width=int(g.uniform(4, 11)))
            f = ImageFont.truetype(OVERLAY_FONT, int(rad * 0.35), index=2)
            d.text((x - rad * 0.7, y - rad * 0.2), "专用章样本", font=f, fill=255)
    else:
        size = int(g.uniform(30, 60) if k < 0.65 else g.uniform(100, 230))
        f = ImageFont.truetype(OVERLAY_FONT, size, index=2)
        for y in range(0, h, int(size * g.uniform(1.3, 2.5))):
            t = OVERLAY_TEXTS[g.integers(len(OVERLAY_TEXTS))] if size < 70 else "样本"
            for x in range(0, w, int(size * (len(t) + 1))):
                d.text((x, y), t, font=f, fill=255)
        im = im.rotate(g.uniform(-45, 45), Image.BILINEAR)
    return np.asarray(im, np.float32) / 255


def _crop(g, bank, w, h):
    """A random part of a random item, scaled to w x h."""
    a = bank[g.integers(len(bank))]
    k = min(_log_uniform(g, 0.6, 1.6), a.shape[0] / h, a.shape[1] / w)
    sw, sh = max(1, int(w * k)), max(1, int(h * k))
    y, x = g.integers(a.shape[0] - sh + 1), g.integers(a.shape[1] - sw + 1)
    a = a[y : y + sh, x : x + sw]
    if g.random() < 0.5:
        a = a[:, ::-1]
    return cv2.resize(a, (w, h), interpolation=cv2.INTER_LINEAR)


class Draw:
    """g is a numpy Generator, r a random.Random; both seeded by the caller."""

    def __init__(self, g, r):
        self.g, self.r = g, r
        self.papers = [_guilloche(g) for _ in range(40)]
        self.overlays = [_overlay(g) for _ in range(40)]

    def _bent(self, a, bend):
        """The glyph with every point moved by a smooth field of its own, and how far its edges went out."""
        out = 3
        a = cv2.copyMakeBorder(a, out, out, out, out, cv2.BORDER_CONSTANT)
        h, w = a.shape
        knots = (self.g.standard_normal((4, 4, 2), dtype=np.float32) * (bend * EM)).clip(-out, out)
        field = cv2.resize(knots, (w, h), interpolation=cv2.INTER_CUBIC)
        field[..., 0] += np.arange(w, dtype=np.float32)
        field[..., 1] += np.arange(h, dtype=np.float32)[:, None]
        return cv2.remap(a, field, None, cv2.INTER_LINEAR), out

    def _set(self, canvas, font, text, x, base, track=0.0, stretch=1.0, ink=255, bend=0.0, dot=0.0):
        """Writes text at x on the base line; centre and width of every character, in font pixels. bend is how
        far the parts of a character are moved, in ems: standard deviation; dot the width of a · in font pixels,
        where it is not the face's."""
        places = []
        for c in text:
            a, ox, oy, adv = font.glyph(c)
            if dot and c == "·":
                ox, adv = ox + (dot - adv) / 2, dot
            if bend and a.size and c >= "\u3400":
                a, out = self._bent(a, bend)
                ox, oy = ox - out, oy - out
            if stretch != 1.0 and a.size:
                a = cv2.resize(a, (max(1, round(a.shape[1] * stretch)), a.shape[0]), interpolation=cv2.INTER_AREA)
            w = adv * stretch
            px, py = round(x + ox * stretch), round(base + oy)
            h, wd = a.shape
            x0, y0 = max(px, 0), max(py, 0)
            x1, y1 = min(px + wd, canvas.shape[1]), min(py + h, canvas.shape[0])
            if x1 > x0 and y1 > y0:
                part = canvas[y0:y1, x0:x1]
                g = a[y0 - py : y1 - py, x0 - px : x1 - px]
                np.maximum(part, g if ink == 255 else (g.astype(np.uint16) * ink >> 8).astype(np.uint8), out=part)
            places.append((x + w / 2, w))
            x += w + track * EM
        return places, x

    def mask(self, font, segments, width, em, others=(), label="", track=0.0, varied=False):
        """Sets a line. segments: texts, each a gap after the one before; others: texts for the lines
        above and below; label: a character that sticks in from the left; varied: as no face has it, which
        only training wants: characters bent, a · of any width. Returns coverage and, for the characters that
        fit, (character, centre, width)."""
        g, r = self.g, self.r
        s = em / EM
        cw, ch = int(width / s) + 2 * MARGIN, int(HEIGHT / s) + 2 * MARGIN
        canvas = np.zeros((ch, cw), np.uint8)
        stretch = 1.0 if r.random() < 0.5 else r.uniform(0.86, 1.1)
        bend = r.uniform(0.006, 0.034) if varied and r.random() < 0.55 else 0.0
        dot = r.uniform(0.22, 1) * EM if varied and r.random() < 0.6 else 0.0
        base = ch / 2 + CENTRE * EM + g.normal(0, 1.5) / s
        x = MARGIN + (r.uniform(1, 12) if r.random() < 0.6 else r.uniform(1, 60)) / s
        if label:
            # Never whole: what stands whole is taught as text, and 关 may end an address too.
            wide = font.glyph(label)[3]
            end = MARGIN + r.uniform(0.05, 0.7) * wide
            self._set(canvas, font, label, end - wide, base, ink=int(r.uniform(100, 210)))
            x = max(x, end + r.uniform(0.25, 1.3) * EM)
        out = []
        for n, text in enumerate(segments):
            if n:
                x += r.uniform(1.3, 3) * EM
            fits, w = "", x
            for c in text:
                w += (dot if dot and c == "·" else font.glyph(c)[3]) * stretch + track * EM
                if w > cw - MARGIN:
                    break
                fits += c
            places, x = self._set(canvas, font, fits, x, base, track, stretch, bend=bend, dot=dot)
            out += [(c, *p) for c, p in zip(fits, places)]
            if len(fits) < len(text):
                break
        pitch = r.uniform(1.22, 1.9) * EM
        for k, text in zip((-1, 1), others):
            if text:
                self._set(canvas, font, text, MARGIN - r.uniform(0, EM), base + k * pitch, track, stretch)
        k = r.random()
        if k < 0.14:
            canvas = cv2.dilate(canvas, np.ones((2, 2) if k < 0.09 else (3, 3), np.uint8))
        elif k < 0.20:
            canvas = cv2.erode(canvas, np.ones(r.choice(((2, 2), (2, 1), (1, 2))) if varied else (2, 2), np.uint8))
        elif k < 0.30:
            canvas = cv2.GaussianBlur(canvas, (0, 0), 1.1)
            canvas = cv2.convertScaleAbs(canvas, alpha=1.4 + r.random(), beta=-r.uniform(0, 60))
        return canvas, out

    def spoil(self, canvas, places, width, em, p):
        """What light, lens, sensor and compression make of it: HEIGHT x width uint8 and the places."""
        g, r = self.g, self.r
        ch, cw = canvas.shape
        s = em / EM
        # what straightening leaves: rotation, shear, perspective
        box = np.float32([[0, 0], [cw, 0], [cw, ch], [0, ch]])
        rot, shear = g.normal(0, 0.009) * p["warp"], g.normal(0, 0.04) * p["warp"]
        m = np.float32([[1, shear], [rot, 1]])
        centre = np.float32([cw / 2, ch / 2])
        to = (box - centre) @ m.T + centre + g.normal(0, 0.7 * p["warp"], (4, 2)).astype(np.float32)
        warp = cv2.getPerspectiveTransform(box, to.astype(np.float32))
        canvas = cv2.warpPerspective(canvas, warp, (cw, ch), flags=cv2.INTER_LINEAR)
        if places:
            pts = np.float32([[[x, ch / 2]] for _, x, _ in places])
            pts = cv2.perspectiveTransform(pts, warp)[:, 0, 0]
            places = [(c, float(x), w) for (c, _, w), x in zip(places, pts)]

        copy = r.random() < p["copy"]
        cam = _log_uniform(g, *p["cam"]) if not copy else _log_uniform(g, 26, 44)
        k = cam / EM
        w, h = max(8, round(cw * k * r.uniform(0.93, 1.07))), max(8, round(ch * k))
        a = cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
        a = a.astype(np.float32) * (1 / 255)

        paper, ink = r.uniform(*p["paper"]), r.uniform(*p["ink"])
        if r.random() < p["faint"]:
            ink = r.uniform(60, 115)
        bg = paper - r.uniform(2, 42) * _crop(g, self.papers, w, h)
        im = bg + (ink - bg) * a
        if r.random() < p["overlay"]:
            o = _crop(g, self.overlays, w, h)
            im += (r.uniform(20, 150) - im) * (o * r.uniform(0.12, 0.5))
        gx, gy = g.normal(0, p["light"], 2)
        xs = np.linspace(-0.5, 0.5, w, dtype=np.float32)
        ys = np.linspace(-0.5, 0.5, h, dtype=np.float32)[:, None]
        im *= (1 + gx * xs + gy * ys) * math.exp(g.normal(0, p["exposure"]))
        if r.random() < 0.06 * (p["light"] > 0.05):  # the edge of a shadow
            x0, lean, soft = r.uniform(-0.5, 0.5), r.uniform(-0.5, 0.5), r.uniform(0.01, 0.1)
            im *= 1 - r.uniform(0.15, 0.55) / (1 + np.exp(-np.clip((xs - x0 + lean * ys) / soft, -30, 30)))
        if r.random() < p["glare"]:
            px, py, rad = r.uniform(0, w), r.uniform(0, h), r.uniform(0.6, 2.2) * cam
            im += r.uniform(40, 150) * np.exp(
                -(((np.arange(w, dtype=np.float32) - px) / rad) ** 2)
                - ((np.arange(h, dtype=np.float32)[:, None] - py) / rad / 0.7) ** 2
            )
        np.clip(im, 0, 255, out=im)

        sigma = r.random() ** 1.4 * p["blur"] * cam
        if sigma > 0.25:
            im = cv2.GaussianBlur(im, (0, 0), sigma)
        if r.random() < p["motion"]:
            im = self._motion(im, cam)
        if r.random() < 0.2 * (p["noise"] > 2):  # sharpening in the phone
            im += r.uniform(0.3, 1.4) * (im - cv2.GaussianBlur(im, (0, 0), r.uniform(0.7, 1.6)))
        im += r.uniform(0.4, p["noise"]) * g.standard_normal((h, w), dtype=np.float32)
        if copy:
            im = self._copy(im, cam, paper, ink)
        im = np.clip(im, 0, 255).astype(np.uint8)
        if r.random() < 0.85:
            quality = int(r.uniform(*p["jpeg"]))
            im = cv2.imdecode(cv2.imencode(".jpg", im, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], cv2.IMREAD_GRAYSCALE)
            if r.random() < 0.08 * (p["warp"] >= 1):  # scaled and saved once more
                z = r.uniform(0.6, 1.0)
                im = cv2.resize(im, (max(8, int(w * z)), max(8, int(h * z))), interpolation=cv2.INTER_AREA)
                im = cv2.imdecode(cv2.imencode(".jpg", im, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], 0)

        # to the network's scale
        ow, oh = round(cw * s), round(ch * s)
        how = cv2.INTER_AREA if ow < im.shape[1] else cv2.INTER_CUBIC if r.random() < 0.5 else cv2.INTER_LINEAR
        if r.random() < 0.6:  # as package page samples: halved until at most 1.5 times as dense, then read between pixels
            while im.shape[1] > 1.5 * ow:
                im = cv2.resize(im, (im.shape[1] // 2, im.shape[0] // 2), interpolation=cv2.INTER_AREA)
            how = cv2.INTER_LINEAR if im.shape[1] > 0.9 * ow else cv2.INTER_CUBIC
        im = cv2.resize(im, (ow, oh), interpolation=how)
        y0, x0 = (oh - HEIGHT) // 2, min(round(MARGIN * s), max(0, ow - width))
        out = im[y0 : y0 + HEIGHT, x0 : x0 + width]
        if out.shape[1] < width:
            out = cv2.copyMakeBorder(out, 0, 0, 0, width - out.shape[1], cv2.BORDER_REPLICATE)
        z = ow / cw
        return out, [(c, x * z - x0, wd * z) for c, x, wd in places]

    def _motion(self, im, cam):
        n = 3 if cam < 20 else 5
        kernel = np.zeros((n, n), np.float32)
        k = self.r.random()
        if k < 0.4:
            kernel[n // 2] = 1
        elif k < 0.7:
            kernel[:, n // 2] = 1
        else:
            kernel[np.arange(n), np.arange(n) if k < 0.85 else np.arange(n)[::-1]] = 1
        return cv2.filter2D(im, -1, kernel / n)

    def _copy(self, im, cam, paper, ink):
        """A photocopier or a flat scanner: 1-bit, dithered, or grey with the paper burnt out."""
        g, r = self.g, self.r
        lo, hi = np.percentile(im, (2, 80))
        k = r.random()
        if k < 0.5:
            at = lo + (hi - lo) * r.uniform(0.35, 0.8)
            if r.random() < 0.3:
                at = cv2.blur(im, (2 * int(cam / 2) + 1,) * 2) - (hi - lo) * r.uniform(0.08, 0.25)
            im = np.where(im > at, 255.0, 0.0).astype(np.float32)
        elif k < 0.6:
            bayer = np.tile(np.float32([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16,
                            (im.shape[0] // 4 + 1, im.shape[1] // 4 + 1))[: im.shape[0], : im.shape[1]]
            im = np.where((im - lo) / max(hi - lo, 1) > bayer * 0.9, 255.0, 0.0).astype(np.float32)
        else:
            im = (im - lo) * (255 / max((hi - lo) * r.uniform(0.7, 1.3), 1)) + r.uniform(0, 60)
        if r.random() < 0.6:
            specks = g.random(im.shape, dtype=np.float32)
            n = r.uniform(0.0005, 0.012)
            im[specks < n] = 0
            im[specks > 1 - n / 2] = 255
            if r.random() < 0.5:
                im = cv2.GaussianBlur(im, (0, 0), r.uniform(0.4, 0.8))
        return im
