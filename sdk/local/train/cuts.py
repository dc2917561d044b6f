"""Texts for lines that are cut out of drawn photos: see TestCutLines of package local.

    cuts.py COUNT [SEED]    JSON lines: name, address or authority, and the number of a typeface

Most characters have nothing to do with their neighbours, every one is about as frequent as the others,
and none is more so because specimens have it. Where IDREC_MISSED names a file of missed.py, those that the network
misses are more frequent, and a third has a look-alike behind it.
"""
import json
import os
import random
import sys

import charset
import data
import fonts
import texts

# A third in the face that the specimens have, in its weights; no other has more than the rest.
FACES = (
    fonts.TRAIN[:5] + [fonts.TRAIN[0]] * 3 + fonts.TRAIN[6:8] + fonts.MORE[:4] + [(fonts.bent(i), 0, 1) for i in range(len(fonts.BENT))]
)


class Strangers:
    """Picks characters that have nothing to do with what is around them."""

    def __init__(self, r, chars, missed):
        self.r, self.missed = r, bool(missed)
        index = {c: i + 1 for i, c in enumerate(chars)}
        of = [missed.get(c, {}) for c in chars]
        like = [[index[k] for k in m.get("alike", "")] for m in of]
        self.choice = data.Choice(chars, [0.0] + [m.get("missed", 1.0) for m in of], [[], *like])

    def pick(self, f):
        return self.choice.pick(self.r, f)

    def alike(self, f, c):
        return self.choice.alike(self.r, f, c)

    def noise(self, f, n):
        out = ""
        while len(out) < n:
            out += self.pick(f)
            if self.missed and self.r.random() < 0.35:
                out += self.alike(f, out[-1])
        return out[:n]

    def strange(self, f, text, share):
        """The text as far as the face has it, with a share of its Chinese characters replaced."""
        out = ""
        for c in (c for c in text if c in f.set):
            if c >= "\u3400" and self.r.random() < share:
                c = self.alike(f, c) if self.missed and c in self.choice.index and self.r.random() < 0.4 else self.pick(f)
            out += c
        return out


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    r = random.Random(seed * 7919 + 5)
    chars = charset.read()
    book = fonts.Fonts(FACES, chars)
    t = texts.Texts(r, chars)
    missed = {}
    if path := os.environ.get("IDREC_MISSED"):
        with open(path, encoding="utf-8") as f:
            missed = json.load(f)
    s = Strangers(r, chars, missed)
    for _ in range(count):
        face = r.randrange(len(FACES))
        f = book.fonts[face]
        if r.random() < 0.12:
            o = {"authority": s.strange(f, t.authority(), 0.5)[:14]}
        else:
            k = r.random()
            address = s.strange(f, t.address(), 0.5) if k < 0.6 else s.noise(f, r.randint(22, 44)) if k < 0.85 else s.strange(f, t.address(), 0)
            o = {"name": s.strange(f, t.name(), 0.2) if r.random() < 0.4 else s.noise(f, r.randint(4, 9)), "address": address[:44]}
            if len(o["address"]) < 3 or not o["name"]:
                continue
        print(json.dumps({**o, "face": face}, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1] == "--faces":
        print(",".join(f"{path}#{index}" for path, index, _ in FACES))
    else:
        main()
