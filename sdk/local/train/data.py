"""Endless batches of drawn lines for training."""
import base64
import json
import os
import pathlib
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
# common one is as likely as it.
NOISE = 0.32
# The share of address lines in which one to three characters are others.
STRANGE = 0.35
# The share of lines that were cut out of photos, where IDREC_CUTS names a folder of them.
CUT = 0.75
NUMBER_TRACK = -0.123  # ems: OCR-B's advance on the card is narrower than the font's
DIGITS = "0123456789X"


def characters(kind):
    return charset.read() if kind == "han" else list(DIGITS)


def number(r):
    """18 characters shaped like a number; the check digit is no concern of the network."""
    t = "".join(r.choice("0123456789") for _ in range(17)) + (r.choice("X0123456789") if r.random() < 0.7 else "X")
    return t if r.random() < 0.8 else t[r.randint(0, 6) : r.randint(9, 18)]


class Choice:
    """Picks characters, more of those that the network misses, and their look-alikes beside them.

    missed is shared with whoever trains: for each class, how much of its probability the network has of
    late not given to it. like holds for each class those that the network takes for it most easily.
    """

    FLOOR = 0.02  # what the network never misses is drawn too
    FRESH = 400  # picks after which the shares are made anew

    def __init__(self, chars, missed, like):
        self.chars, self.missed, self.like = chars, missed, like
        self.index = {c: i + 1 for i, c in enumerate(chars)}
        self.pools = {}

    def pick(self, r, f):
        classes, total, left = self.pools.get(f, (None, None, 0))
        if not left:
            classes = np.array([self.index[c] for c in f.pool if c >= "\u3400"])
            share = np.asarray(self.missed)[classes] ** 0.75 + self.FLOOR
            total, left = np.cumsum(share), self.FRESH
        self.pools[f] = classes, total, left - 1
        return self.chars[classes[min(len(classes) - 1, int(np.searchsorted(total, r.random() * total[-1])))] - 1]

    def alike(self, r, f, c):
        """A look-alike of c that the font has, or c."""
        for _ in range(3):
            n = self.chars[r.choice(self.like[self.index[c]]) - 1]
            if n in f.set:
                return n
        return c

    def line(self, r, f):
        """Random characters, many of them with look-alikes behind."""
        n, out = r.randint(7, 12), []
        while len(out) < n:
            out.append(self.pick(r, f))
            if r.random() < 0.45:
                out.append(self.alike(r, f, out[-1]))
        return "".join(out[:n])

    def strange(self, r, f, text):
        """The text with one to three of its Chinese characters replaced."""
        out = list(text)
        at = [i for i, c in enumerate(out) if c >= "\u3400"]
        for i in r.sample(at, min(len(at), r.randint(1, 3))):
            out[i] = self.pick(r, f) if r.random() < 0.6 or out[i] not in self.index else self.alike(r, f, out[i])
        return "".join(out)


class Cuts:
    """Lines that the engine cut out of drawn photos (TestCutLines), from the files of a folder, which may grow.

    A file has a JSON object a line: the width, the pixels in base64, and each character with its middle and
    width in pixels.
    """

    MOST = 300_000  # lines that are held, 10 kB each

    def __init__(self, folder, r):
        self.folder, self.r = folder, r
        self.read, self.held = set(), []

    def grow(self):
        new = sorted(p for p in pathlib.Path(self.folder).glob("*.jsonl") if p not in self.read)
        for p in new[:1]:  # one at a time, so that drawing never waits long
            self.read.add(p)
            for text in p.open():
                o = json.loads(text)
                a = np.frombuffer(base64.b64decode(o["pix"]), np.uint8).reshape(32, o["w"])
                self.held.append((a, [tuple(c) for c in o["places"] or ()]))
            self.r.shuffle(self.held)
            del self.held[self.MOST :]

    def pick(self, width):
        """A line's pixels, moved a little, and its places; None as long as there are none."""
        if not self.held or self.r.random() < 0.01:
            self.grow()
        if not self.held:
            return None
        a, places = self.r.choice(self.held)
        x0 = self.r.randint(0, 4)
        if a.shape[1] > width and self.r.random() < 0.5:
            x0 = self.r.randint(0, a.shape[1] - width)
        a = a[:, x0 : x0 + width]
        end = a.shape[1]
        places = [(c, x - x0, w) for c, x, w in places]
        # what the crop cuts off in part is neither a character nor none
        places = [(c if x - w / 2 > -2 and x + w / 2 < end + 2 else "", x, w) for c, x, w in places if x + w / 2 > 0 and x - w / 2 < end]
        if a.shape[1] < width:
            a = np.pad(a, ((0, 0), (0, width - a.shape[1])), "edge")
        return a, places


class Lines(IterableDataset):
    def __init__(self, kind, batch, seed, missed=None, like=None):
        self.kind, self.batch, self.seed = kind, batch, seed
        self.missed, self.like = missed, like

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
                if whole := [p for p in places if p[0]]:
                    c, centre, w = zip(*whole)
                    y[i] = lines.targets([index[k] for k in c], centre, w, width)
                for _, centre, w in (p for p in places if not p[0]):
                    y[i, max(0, int((centre - w / 2) // 4)) : max(0, int((centre + w / 2) // 4) + 1)] = lines.IGNORE
                said.append("".join(p[0] for p in places))
            yield torch.from_numpy(x), torch.from_numpy(y), said

    def _han(self, r, g, d):
        book = fonts.Fonts(fonts.TRAIN + fonts.MORE, characters("han"))
        t = texts.Texts(r, characters("han"))
        rare = {f: [c for c in t.rare if c in f.set] for f in book.fonts}
        choice = None if self.missed is None else Choice(characters("han"), self.missed, self.like)

        def segments(f):
            k = r.random()
            if k < NOISE:
                return [choice.line(r, f) if choice and r.random() < 0.8 else t.noise(f.pool, rare[f])]
            if k < 0.50:
                return [t.name() for _ in range(1 if r.random() < 0.35 else 3)]
            if k < 0.74:
                a = t.address_lines()
                a = a[r.randrange(len(a))]
                return [choice.strange(r, f, a) if choice and r.random() < STRANGE else a]
            if k < 0.81:
                return [t.authority()]
            if k < 0.90:
                return [t.term()]
            if k < 0.93:
                return [t.birth()]
            if k < 0.97:
                return [t.short() for _ in range(r.randint(1, 3))]
            return [t.latin()]

        def only(f, s):
            """s with what the face lacks replaced."""
            return "".join(c if c in f.set else r.choice(f.pool) if c >= "\u3400" else "" for c in s)

        cuts = Cuts(os.environ["IDREC_CUTS"], r) if os.environ.get("IDREC_CUTS") else None
        while True:
            if cuts and r.random() < CUT:
                for _ in range(2):
                    if cut := cuts.pick(WIDTH["han"]):
                        yield cut
                continue
            f = book.pick(r)
            s = [only(f, x) for x in segments(f)]
            others = ["", ""]
            if r.random() < 0.4:
                others = [only(f, r.choice(t.address_lines())) if r.random() < 0.6 else "" for _ in range(2)]
            label = only(f, r.choice("名址关限族生")) \
                if r.random() < 0.18 else ""
            em = EM["han"] * r.uniform(0.84, 1.15)
            track = max(0.0, r.gauss(0, 0.06)) if r.random() < 0.4 else 0.0
            canvas, places = d.mask(f, s, WIDTH["han"], em, others, label, track, varied=True)
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


def batches(kind, batch, seed, missed=None, like=None):
    """One drawing process beside the caller's."""
    loader = DataLoader(Lines(kind, batch, seed, missed, like), batch_size=None, num_workers=1, prefetch_factor=8)
    return iter(Shuffled(loader, random.Random(seed)))
