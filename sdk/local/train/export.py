"""Writes a network for package lines: batch norm folded in, int8 weights with a scale an output.

    export.py CHECKPOINT OUT.bin

The file: "IDL1", the header's length (uint32, little endian), the header (JSON, padded with blanks to a
multiple of 4), the tensors, the IEEE CRC-32 of all that. Layers come in order of execution; "res"
marks the layer that adds its block's input. Classes are padded to a multiple of 16 with rows that never
win.
"""
import argparse
import json
import struct
import zlib

import numpy as np
import torch

import checkpoint

NEVER = -1e4  # bias of a class that pads
TILE = 16


def rounded(w):
    """int8 values and the scale of each output."""
    r = w.reshape(w.shape[0], -1)
    s = (np.abs(r).max(1) / 127 + 1e-12).astype(np.float32)
    return np.clip(np.round(r / s[:, None]), -127, 127).astype(np.int8), s


def layers(model):
    """(kind, weight, bias, stride, pad, groups, relu, res), batch norm folded in."""

    def conv(c, norm, relu, res=0):
        w = c.weight.detach().numpy().copy()
        b = np.zeros(w.shape[0], np.float32) if c.bias is None else c.bias.detach().numpy().copy()
        if norm is not None:
            g = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
            w = w * g[:, None, None, None]
            b = (b - norm.running_mean.numpy()) * g + norm.bias.detach().numpy()
        return ["conv", w, b, list(c.stride), list(c.padding), c.groups, relu, res]

    def block(m):
        yield conv(m.dw, m.b1, 1)
        yield conv(m.pw, m.b2, 1, int(m.res))

    yield conv(model.stem[0], model.stem[1], 1)
    yield conv(model.stem2[0], model.stem2[1], 1)
    for m in model.body:
        yield from block(m)
    yield conv(model.col[0], model.col[1], 1)
    for m in model.seq:
        yield from block(m)
    yield conv(model.emb, None, 0)
    w, b = model.cls.weight.detach().numpy(), model.cls.bias.detach().numpy()
    n = -len(w) % TILE
    yield ["fc", np.pad(w, ((0, n), (0, 0))), np.pad(b, (0, n), constant_values=NEVER), [1, 1], [0, 0], 1, 0, 0]


def quantise(model):
    """Rounds the model's weights as the file does, for measuring what that costs. Batch norm's scale is
    one factor an output, so rounding before or after folding is the same."""
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear)):
                q, s = rounded(m.weight.numpy())
                m.weight.copy_(torch.from_numpy((q * s[:, None]).reshape(m.weight.shape)))


def write(model, chars, out):
    blobs, at, ops = [], 0, []

    def put(blob):
        nonlocal at
        blob += b"\0" * (-len(blob) % 4)
        blobs.append(blob)
        at += len(blob)
        return at - len(blob)

    for kind, w, b, stride, pad, groups, relu, res in layers(model):
        q, s = rounded(w)
        ops.append({
            "t": kind, "stride": stride, "pad": pad, "groups": groups, "relu": relu, "res": res,
            "w": {"o": put(s.tobytes() + q.tobytes()), "q": 1, "s": list(w.shape)},
            "b": {"o": put(np.ascontiguousarray(b, np.float32).tobytes()), "q": 0, "s": list(b.shape)},
        })
    head = json.dumps({"chars": "".join(chars), "ops": ops}, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 4)
    body = b"IDL1" + struct.pack("<I", len(head)) + head + b"".join(blobs)
    with open(out, "wb") as f:
        f.write(body + struct.pack("<I", zlib.crc32(body)))
    print(out, len(body) + 4, "bytes")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint")
    p.add_argument("out")
    a = p.parse_args()
    write(*checkpoint.model(a.checkpoint), a.out)


if __name__ == "__main__":
    main()
