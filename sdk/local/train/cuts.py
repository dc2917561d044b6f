"""Texts for lines that are cut out of drawn photos: see TestCutLines of package local.

    cuts.py COUNT [SEED]    JSON lines: name, address or authority, and the number of a typeface

Most characters have nothing to do with their neighbours, every one is about as frequent as the others,
and none is more so because specimens have it.
"""
import json
import random
import sys

import charset
import fonts
import texts

# A third in the face that the specimens have, in its weights; no other has more than the rest.
FACES = (
    fonts.TRAIN[:5] + [fonts.TRAIN[0]] * 3 + fonts.TRAIN[6:8] + fonts.MORE[:4] + [(fonts.bent(i), 0, 1) for i in range(len(fonts.BENT))]
)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    r = random.Random(seed * 7919 + 5)
    chars = charset.read()
    book = fonts.Fonts(FACES, chars)
    t = texts.Texts(r, chars)
    for _ in range(count):
        face = r.randrange(len(FACES))
        f = book.fonts[face]
        han = [c for c in f.pool if c >= "\u3400"]

        def noise(n):
            return "".join(r.choice(han) for _ in range(n))

        def strange(text, share):
            return "".join(r.choice(han) if c >= "\u3400" and r.random() < share else c for c in text if c in f.set)

        if r.random() < 0.12:
            o = {"authority": strange(t.authority(), 0.5)[:14]}
        else:
            k = r.random()
            address = strange(t.address(), 0.5) if k < 0.6 else noise(r.randint(22, 44)) if k < 0.85 else strange(t.address(), 0)
            o = {"name": strange(t.name(), 0.2) if r.random() < 0.4 else noise(r.randint(4, 9)), "address": address[:44]}
            if len(o["address"]) < 3 or not o["name"]:
                continue
        print(json.dumps({**o, "face": face}, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1] == "--faces":
        print(",".join(f"{path}#{index}" for path, index, _ in FACES))
    else:
        main()
