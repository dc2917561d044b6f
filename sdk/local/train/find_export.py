"""Writes the finder's networks for package nn, and test vectors for package find.

    find_export.py release RUN.pt RELEASE.pt.xz     half precision and packed, for the repository
    find_export.py weights RELEASE.pt.xz OUT.bin    as export.py writes the line networks
    find_export.py vectors PACK OUT.json LOCATE.pt.xz ALIGN.pt.xz    pictures and what this framework says
"""
import base64
import io
import json
import lzma
import sys

import cv2
import numpy as np
import torch

import checkpoint
import export
import find_data
import find_net


def model(path):
    c = checkpoint.load(path)
    m = find_net.Find(c["kind"])
    m.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in c.get("average", c["m"]).items()})
    return m.eval()


def release(run, out):
    c = checkpoint.load(run)
    half = {k: v.half() if v.is_floating_point() else v for k, v in c["average"].items()}
    data = io.BytesIO()
    torch.save({"m": half, "kind": c["kind"]}, data)
    with open(out, "wb") as f:
        f.write(lzma.compress(data.getvalue(), preset=9))


def layers(m):
    """As export.layers, of this network."""

    def conv(c, norm, relu, res=0):
        w, b = c.weight.detach().numpy(), np.zeros(c.weight.shape[0], np.float32)
        if norm is not None:
            g = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
            w, b = w * g[:, None, None, None], norm.bias.detach().numpy() - norm.running_mean.numpy() * g
        else:
            b = c.bias.detach().numpy()
        return ["conv", w, b, list(c.stride), list(c.padding), c.groups, relu, res]

    yield conv(m.stem[0], m.stem[1], 1)
    yield conv(m.stem2[0], m.stem2[1], 1)
    yield conv(m.stem3[0], m.stem3[1], 1)
    for b in m.body:
        yield conv(b.dw, b.b1, 1)
        yield conv(b.pw, b.b2, 1, int(b.res))
    yield conv(m.head, None, 0)


def weights(path, out):
    export.layers = layers
    export.write(model(path), "", out)


def vectors(base, out, *paths):
    pack, cases = find_data.Pack(base), []
    g = np.random.default_rng(3)
    for path in paths:
        m = model(path)
        kind = checkpoint.load(path)["kind"]
        export.quantise(m)
        for i in (5, 11):
            if kind == "locate":
                picture, _ = pack.photo(i)
                x = cv2.resize(picture, (128, 96), interpolation=cv2.INTER_AREA)
            else:
                x = find_data.align_samples(g, pack, i)[0][0]
            with torch.no_grad():
                y = m(torch.from_numpy(find_data.normalised(x, x.mean(), x.std()))[None, None])[0]
            png = cv2.imencode(".png", x)[1].tobytes()
            values = [round(float(v), 3) for v in y.permute(1, 2, 0).reshape(-1)]
            cases.append({"net": kind, "png": base64.b64encode(png).decode(), "rows": y.shape[1], "cols": y.shape[2],
                          "values": values})
    with open(out, "w", encoding="utf-8") as f:
        f.write("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]\n")


if __name__ == "__main__":
    {"release": release, "weights": weights, "vectors": vectors}[sys.argv[1]](*sys.argv[2:])
