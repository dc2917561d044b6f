"""Writes the test vectors of package lines.

    reference.py DIRECTORY CHECKPOINT SET CHECKPOINT SET

tiny.bin and tiny.json: a tiny random network and this framework's scores. lines.json: a few lines of the
held-out sets, what stands there, and what the networks read here, with weights as the files round them.
"""
import base64
import json
import sys

import cv2
import numpy as np
import torch

import checkpoint
import decode
import export
import lines
import net

SHAPE = ((16, 16, 32, 32, 48), 16)
CHARS = "0123456789X甲乙丙丁𠮷·"


def tiny(directory):
    torch.manual_seed(7)
    model = net.Net(len(CHARS) + 1, SHAPE)
    for m in model.modules():  # statistics and factors that folding must get right
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.uniform_(-0.3, 0.3)
            m.running_var.uniform_(0.1, 0.6)
            torch.nn.init.uniform_(m.weight, 0.6, 1.4)
            torch.nn.init.uniform_(m.bias, -0.3, 0.3)
    model.eval()
    export.write(model, CHARS, f"{directory}/tiny.bin")
    export.quantise(model)
    r, cases = np.random.default_rng(7), []
    for width in (7, 41, 64):  # narrower than a tile, no multiple of a frame, and one that is
        x = r.integers(0, 256, (32, width), dtype=np.uint8)
        wide = np.zeros((32, max(width, 24)), np.float32)
        wide[:, :width] = lines.normalise(x)
        with torch.no_grad():
            scores = model(torch.from_numpy(wide)[None, None])[0]
        cases.append({"width": width, "pixels": x.tobytes().hex(),
                      "scores": [[round(float(v), 4) for v in row] for row in scores]})
    with open(f"{directory}/tiny.json", "w", encoding="utf-8") as f:
        json.dump(cases, f, separators=(",", ":"))


def read(pairs, out):
    """The first line of every fourth cell."""
    cases = []
    for path, set_path in pairs:
        model, chars = checkpoint.model(path)
        export.quantise(model)
        s = np.load(set_path)
        cells = s["cell"].tolist()
        for cell in list(dict.fromkeys(cells))[::4]:
            i = cells.index(cell)
            with torch.no_grad():
                scores = model(torch.from_numpy(lines.normalise(s["images"][i]))[None, None])[0].numpy()
            png = cv2.imencode(".png", s["images"][i])[1].tobytes()
            cases.append({"net": "han" if len(chars) > 100 else "digit", "cell": cell, "said": str(s["said"][i]),
                          "read": decode.decode(scores, chars), "png": base64.b64encode(png).decode()})
    with open(out, "w", encoding="utf-8") as f:
        json.dump(cases, f, ensure_ascii=False, indent=1)


def main(directory, *rest):
    tiny(directory)
    read(list(zip(rest[::2], rest[1::2])), f"{directory}/lines.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
