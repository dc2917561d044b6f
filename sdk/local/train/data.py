"""Endless batches of drawn lines for training."""
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

import charset
import draw
import fonts
import lines
import texts

WIDTH = {"han": 320, "digit": 416}
EM = {"han": 26.0, "digit": 34.0}  # pixels an em at the network; drawn 0.86 to 1.14 of it
# The share of lines that are random characters. They teach rare characters, and that a rare look-alike of a
# common one is as likely as it, which on a card it is not: a half of them is too much once they are learned.
NOISE = 0.20
NUMBER_TRACK = -0.123  # ems: OCR-B's advance on the card is narrower than the font's
DIGITS = "0123456789X"


def characters(kind):
    return charset.read() if kind == "han" else list(DIGITS)


def number(r):
    """18 characters shaped like a number; the check digit is no concern of the network."""
    t = "".join(r.choice("0123456789") for _ in range(17)) + (r.choice("X0123456789") if r.random() < 0.7 else "X")
    return t if r.random() < 0.8 else t[r.randint(0, 6) : r.randint(9, 18)]


class Lines(IterableDataset):
    def __init__(self, kind, batch, seed):
        self.kind, self.batch, self.seed = kind, batch, seed

    def __iter__(self):
        r, g = random.Random(self.seed), np.random.default_rng(self.seed)
        d = draw.Draw(g, r)
        make = self._han(r, g, d) if self.kind == "han" else self._digit(r, g, d)
        index = {c: i + 1 for i, c in enumerate(characters(self.kind))}
        width = WIDTH[self.kind]
        while True:
            x = np.zeros((self.batch, 32, width), np.uint8)
            y = np.zeros((self.batch, width // 4), np.int64)
            said = []
            for i in range(self.batch):
                x[i], places = next(make)
                if places:
                    c, centre, w = zip(*places)
                    y[i] = lines.targets([index[k] for k in c], centre, w, width)
                said.append("".join(p[0] for p in places))
            yield torch.from_numpy(x), torch.from_numpy(y), said

    def _han(self, r, g, d):
        book = fonts.Fonts(fonts.TRAIN, characters("han"))
        t = texts.Texts(r, characters("han"))
        rare = {f: [c for c in t.rare if c in f.set] for f in book.fonts}

        def segments(f):
            k = r.random()
            if k < NOISE:
                return [t.noise(f.pool, rare[f])]
            if k < 0.42:
                return [t.name() for _ in range(1 if r.random() < 0.35 else 3)]
            if k < 0.72:
                a = t.address_lines()
                return [a[r.randrange(len(a))]]
            if k < 0.82:
                return [t.authority()]
            if k < 0.90:
                return [t.term()]
            if k < 0.93:
                return [t.birth()]
            if k < 0.97:
                return [t.short() for _ in range(r.randint(1, 3))]
            return [t.latin()]

        def only(f, s):
            return "".join(c for c in s if c in f.set)

        while True:
            f = book.pick(r)
            s = [only(f, x) for x in segments(f)]
            others = ["", ""]
            if r.random() < 0.4:
                others = [only(f, r.choice(t.address_lines())) if r.random() < 0.6 else "" for _ in range(2)]
            label = only(f, r.choice(("姓名", "名", "住址", "址", "签发机关", "机关", "有效期限", "期限", "民族", "出生"))) \
                if r.random() < 0.18 else ""
            em = EM["han"] * r.uniform(0.84, 1.15)
            track = max(0.0, r.gauss(0, 0.06)) if r.random() < 0.4 else 0.0
            canvas, places = d.mask(f, s, WIDTH["han"], em, others, label, track)
            for _ in range(2):  # setting the text is half the work: spoil it twice
                yield d.spoil(canvas, places, WIDTH["han"], em, draw.TRAIN)

    def _digit(self, r, g, d):
        book = fonts.Fonts(fonts.NUMBER, characters("digit"))
        han = fonts.Font(*fonts.TRAIN[0])
        while True:
            f = book.pick(r)
            em = EM["digit"] * r.uniform(0.84, 1.15)
            canvas, places = d.mask(f, [number(r)], WIDTH["digit"], em, track=r.gauss(NUMBER_TRACK, 0.014))
            if r.random() < 0.2:  # the label's last character, left of the number
                d._set(canvas, han, "码", -r.uniform(0.2, 0.7) * fonts.EM, canvas.shape[0] / 2 + 14, ink=150)
            for _ in range(2):
                yield d.spoil(canvas, places, WIDTH["digit"], em, draw.NUMBER)


class Shuffled:
    """Mixes a window of batches, so that the two spoilings of a line seldom meet."""

    def __init__(self, loader, r, window=6):
        self.loader, self.r, self.window = loader, r, window

    def __iter__(self):
        held = []
        for item in self.loader:
            held.append(item)
            if len(held) == self.window:
                x = torch.cat([h[0] for h in held])
                y = torch.cat([h[1] for h in held])
                said = sum((h[2] for h in held), [])
                order = list(range(len(said)))
                self.r.shuffle(order)
                n = len(held[0][2])
                for i in range(0, len(order), n):
                    o = order[i : i + n]
                    yield x[o], y[o], [said[k] for k in o]
                held = []


def batches(kind, batch, seed):
    """One drawing process beside the caller's."""
    loader = DataLoader(Lines(kind, batch, seed), batch_size=None, num_workers=1, prefetch_factor=8)
    return iter(Shuffled(loader, random.Random(seed)))
