"""Measures a network on the held-out set: a font, counties and seeds that training never sees.

    evaluate.py make han|digit SET.npz [--lines 60]     draws the set
    evaluate.py run CHECKPOINT SET.npz [--int8] [--greedy] prints the table

A cell is the share of lines read without any error, in per cent. The text rows use the held-out font;
the rows "seen" the main font of training, for comparison. Decoding is that of package lines (--greedy:
the best class of every frame): no dictionary, no check digit, no language model.
"""
import argparse
import difflib
import random

import numpy as np
import torch

import checkpoint
import data
import decode
import draw
import export
import fonts
import lines
import net
import texts

SEED = 20_990_101
KINDS = ("name", "address", "authority", "term", "noise")


def texts_of(kind, r, t, font):
    if kind == "name":
        s = t.name()
    elif kind == "address":
        a = t.address_lines()
        s = a[r.randrange(len(a))]
    elif kind == "authority":
        s = t.authority()[:12]
    elif kind == "term":
        s = t.term()
    else:
        s = t.noise(font.pool, [c for c in t.rare if c in font.set])[:10]
    return "".join(c for c in s if c in font.set)


def make(kind, out, count):
    r, g = random.Random(SEED), np.random.default_rng(SEED)
    d = draw.Draw(g, r)
    chars = data.characters(kind)
    width, em0 = data.WIDTH[kind], data.EM[kind]
    images, said, cell = [], [], []

    def add(font, rows, name, level, track=0.0):
        em = em0 * r.uniform(0.9, 1.1)
        while True:
            text = rows()
            canvas, places = d.mask(font, [text], width, em, track=track)
            if len(places) == len(text) > 0:
                break
        p = dict(draw.LEVELS[level])
        if kind == "digit":
            p["cam"] = tuple(v * draw.NUMBER_SCALE for v in p["cam"])
        im, _ = d.spoil(canvas, places, width, em, p)
        images.append(im)
        said.append(text)
        cell.append(f"{level} {name}")

    if kind == "digit":
        font = fonts.Fonts(fonts.NUMBER[:1], chars).fonts[0]
        for level in draw.LEVELS:
            for _ in range(count * 4):
                t = "".join(r.choice("0123456789") for _ in range(17)) + r.choice("0123456789X")
                add(font, lambda: t, "number", level, data.NUMBER_TRACK)
    else:
        t = texts.Texts(r, chars, test=True)
        for specs, mark in ((fonts.HELD_OUT, ""), (fonts.TRAIN[:1], " seen")):
            font = fonts.Fonts(specs, chars).fonts[0]
            for level in draw.LEVELS:
                for k in KINDS:
                    for _ in range(count):
                        add(font, lambda: texts_of(k, r, t, font), k + mark, level)
    np.savez_compressed(out, images=np.stack(images), said=np.array(said), cell=np.array(cell))
    print(out, len(said), "lines")


def run(path, set_path, int8, greedy):
    model, chars = checkpoint.model(path)
    model = model.to(memory_format=torch.channels_last)
    if int8:
        export.quantise(model)
    s = np.load(set_path)
    cells, wrong = {}, {}
    with torch.no_grad():
        for i in range(0, len(s["said"]), 32):
            x = torch.from_numpy(lines.normalise(s["images"][i : i + 32]))[:, None]
            scores = model(x)
            got = net.greedy(scores, chars) if greedy else [decode.decode(v, chars) for v in scores.numpy()]
            for a, b, c in zip(got, s["said"][i : i + 32].tolist(), s["cell"][i : i + 32].tolist()):
                v = cells.setdefault(c, [0, 0, 0, 0])
                same = sum(m.size for m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
                v[0] += 1
                v[1] += a == b
                v[2] += same
                v[3] += max(len(a), len(b))
                if a != b:
                    wrong.setdefault(c, []).append(f"{b}>{a}")
    levels = list(draw.LEVELS)
    names = list(dict.fromkeys(c.split(" ", 1)[1] for c in cells))
    print(f"{'exact lines %':18}" + "".join(f"{v:>9}" for v in levels))
    for n in names:
        print(f"{n:18}" + "".join(f"{100 * cells[f'{v} {n}'][1] / cells[f'{v} {n}'][0]:9.1f}" for v in levels))
    print(f"{'characters %':18}")
    for n in names:
        print(f"{n:18}" + "".join(f"{100 * cells[f'{v} {n}'][2] / cells[f'{v} {n}'][3]:9.1f}" for v in levels))
    return wrong


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="what", required=True)
    m = sub.add_parser("make")
    m.add_argument("kind", choices=data.WIDTH)
    m.add_argument("out")
    m.add_argument("--lines", type=int, default=60)
    q = sub.add_parser("run")
    q.add_argument("checkpoint")
    q.add_argument("set")
    q.add_argument("--int8", action="store_true")
    q.add_argument("--greedy", action="store_true")
    q.add_argument("--wrong", type=int, default=0, help="print so many misread lines a cell")
    a = p.parse_args()
    torch.set_num_threads(1)
    if a.what == "make":
        make(a.kind, a.out, a.lines)
    else:
        for cell, w in run(a.checkpoint, a.set, a.int8, a.greedy).items():
            if a.wrong:
                print(cell, *w[: a.wrong])
