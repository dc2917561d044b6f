"""Checkpoints: written whole or not at all, so that training can be killed at any moment.

    checkpoint.py RUN.pt RELEASE.pt.xz          half precision and packed, for the repository
    checkpoint.py mean A.pt.xz B.pt.xz OUT.pt.xz  the mean of two releases, one of which was trained from the other
"""
import io
import lzma
import os
import sys

import torch

import charset
import net


def save(path, state):
    torch.save(state, path + ".new")
    os.replace(path + ".new", path)


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".xz"):
        data = lzma.decompress(data)
    return torch.load(io.BytesIO(data), map_location="cpu")


def release(run, out):
    """The form kept in the repository: the running average in half precision with its characters."""
    c = load(run)
    pack(c["average"], c, out)


def mean(a, b, out):
    """Training on forgets what its lines no longer show; halfway between, a network has both."""
    a, b = load(a), load(b)
    if a["chars"] != b["chars"]:
        raise SystemExit("the two have other characters")
    pack({k: (v.float() + b["m"][k].float()) / 2 if v.is_floating_point() else b["m"][k] for k, v in a["m"].items()}, b, out)


def pack(weights, c, out):
    half = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    data = io.BytesIO()
    torch.save({"m": half, "chars": c["chars"], "kind": c["kind"]}, data)
    with open(out, "wb") as f:
        f.write(lzma.compress(data.getvalue(), preset=9))


def model(path):
    """The network for reading, of a run (its running average) or of a release, and its characters."""
    c = load(path)
    state = c.get("average", c["m"])
    state = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    chars = [charset.fold(x) for x in c["chars"]]
    stages = ("stem.0", "stem2.0", "body.0.pw", "body.3.pw", "body.6.pw")
    widths = tuple(state[f"{k}.weight"].shape[0] for k in stages)
    m = net.Net(len(chars) + 1, (widths, state["emb.weight"].shape[0]))
    m.load_state_dict(state)
    return m.eval(), chars


if __name__ == "__main__":
    if sys.argv[1] == "mean":
        mean(*sys.argv[2:])
    else:
        release(*sys.argv[1:])
