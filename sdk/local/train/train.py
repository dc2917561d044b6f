"""Trains a line network, resumable at any time.

    train.py han|digit --out RUN.pt [--minutes 90] [--init CHECKPOINT] [--freeze] [--seed 1] [--threads 2]

If RUN.pt exists, training goes on from it (optimiser, average, clock and all) until --minutes of
training time have passed over all runs. SIGTERM and SIGINT end it after the current step with a
checkpoint. --init starts from released weights or another run's average; the class layer may have grown
since: --minutes 0 only gives its new characters a place. --freeze leaves the layers at 16 and 8 rows as
they are: two thirds of a step's cost, for a network that already knows strokes. --refine is for a network
that already reads: it draws more of the characters that the network misses and their look-alikes, holds
the statistics of batch norm, and scores a frame against its character, the look-alikes and a sample of
all others instead of all.
"""
import argparse
import copy
import difflib
import itertools
import math
import os
import random
import signal
import time

import numpy as np
import torch

import charset
import checkpoint
import data
import draw
import fonts
import lines
import net

SAVE_EVERY = 120  # seconds
BLANKS = {"han": 0.3, "digit": 1.0}  # share of the blank frames that are scored
WARMUP, WARMUP_REFINE = 150, 40  # steps
COOL = 0.45  # the last part of the time in which the rate falls to nothing
AVERAGE = 0.999  # decay of the running average of the weights, which is what is released
ALIKE = 8  # look-alikes of a class
OTHERS = 1024  # classes of which the sum over all others is estimated


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=net.SHAPES)
    p.add_argument("--out", required=True)
    p.add_argument("--init")
    p.add_argument("--freeze", action="store_true")
    p.add_argument("--refine", action="store_true")
    p.add_argument("--minutes", type=float, default=90)
    p.add_argument("--rate", type=float, default=1.2e-3)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


def imprint(model, chars, old):
    """Gives each new class a weight from how the network already sees its character, drawn clean.

    The row points along the character's embedding less the mean embedding, as long as the old rows are
    on average, with a bias that puts its score below an old character's.
    """
    book = fonts.Fonts(fonts.TRAIN[:5], chars)
    r = np.random.default_rng(0)
    sample = list(r.choice(old, 600, replace=False))
    fresh = [c for c in chars if c not in set(old)]

    d = draw.Draw(np.random.default_rng(0), random.Random(0))

    def seen(cs):
        out = []
        for i in range(0, len(cs), 8):
            part, rows = cs[i : i + 8], []
            for f in book.fonts[:3]:
                f = f if all(c in f.set for c in part) else fonts.Font(*fonts.TRAIN[-1])
                mask, places = d.mask(f, ["".join(part)], 320, 26.0)
                x, places = d.spoil(mask, places, 320, 26.0, draw.LEVELS["flat"])
                e = model.feat(torch.from_numpy(lines.normalise(x))[None, None])[0]
                rows.append(torch.stack([e[min(79, max(0, int(p[1]) // net.STRIDE))] for p in places]))
            out.append(torch.stack(rows).mean(0))
        return torch.cat(out)

    index = {c: i + 1 for i, c in enumerate(chars)}
    model.eval()
    with torch.no_grad():
        known, new = seen(sample), seen(fresh)
        mean = known.mean(0)
        w = model.cls.weight[[index[c] for c in sample]]
        b = model.cls.bias[[index[c] for c in sample]]
        k = known - mean
        scale = ((w * k).sum(1) / (k * k).sum(1)).mean()
        level = ((w * known).sum(1) + b).mean()
        rows = (new - mean) * scale
        bias = level - 3 - (rows * new).sum(1)
        # never above what wins today on ordinary lines: blanks and blurs look like many characters
        for x, _, _ in itertools.islice(data.Lines("han", 32, 0), 5):
            f = model.feat(torch.from_numpy(lines.normalise(x.numpy()))[:, None]).reshape(-1, rows.shape[1])
            best = model.cls(f)[:, : len(old) + 1].max(1).values
            bias = torch.minimum(bias, (best[:, None] - f @ rows.T).min(0).values - 1)
        at = [index[c] for c in fresh]
        model.cls.weight[at] = rows
        model.cls.bias[at] = bias


def start(args, chars):
    model = net.Net(len(chars) + 1, net.SHAPES[args.kind])
    state = {"step": 0, "lines": 0, "seconds": 0.0}
    if os.path.exists(args.out):
        c = checkpoint.load(args.out)
        if c["chars"] != "".join(chars):
            raise SystemExit(f"{args.out} was trained on other characters; give it as --init to a new file")
        model.load_state_dict(c["m"])
        return model, c["average"], c["optimiser"], {k: c[k] for k in state}
    if args.init:
        c = checkpoint.load(args.init)
        old = [charset.fold(x) for x in c["chars"]]
        if chars[: len(old)] != old:
            raise SystemExit("characters may only be appended")
        weights = c.get("average", c["m"])
        net.widen(model, {k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
        if len(chars) > len(old):
            imprint(model, chars, old)
    return model, {k: v.clone() for k, v in model.state_dict().items()}, None, state


def folded(layers):
    """A copy of frozen layers for speed: the statistics of batch norm are part of the weights before them."""
    layers = copy.deepcopy(layers).eval()
    fold = torch.nn.utils.fusion.fuse_conv_bn_eval
    for m in layers:
        if isinstance(m, net.Block):
            m.dw, m.b1 = fold(m.dw, m.b1), torch.nn.Identity()
            m.pw, m.b2 = fold(m.pw, m.b2), torch.nn.Identity()
        else:
            m[0], m[1] = fold(m[0], m[1]), torch.nn.Identity()
    return layers


def report(model, x, y, said, chars):
    model.eval()
    with torch.no_grad():
        got = net.greedy(model(x), chars)
    hit = sum(
        m.size
        for a, b in zip(got, said)
        for m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    )
    exact = sum(a == b for a, b in zip(got, said))
    return f"exact {exact}/{len(said)} char {100 * hit / max(1, sum(map(len, said))):.1f}% | {said[0]} -> {got[0]}"


def look_alikes(model):
    """For each class the ALIKE others whose weights point most nearly the same way."""
    with torch.no_grad():
        w = torch.nn.functional.normalize(model.cls.weight - model.cls.weight.mean(0))
        near = [(w[i : i + 512] @ w.T).topk(ALIKE + 8).indices for i in range(0, len(w), 512)]
    out = []
    for i, row in enumerate(torch.cat(near).tolist()):
        out.append([c for c in row if c not in (0, i)][:ALIKE])
    return out


def sampled(model, feat, target, like):
    """Cross-entropy against the classes that matter, and the share of each frame's probability that its
    class was not given. The sum over the classes that are left out is estimated from OTHERS of them."""
    classes = model.cls.out_features
    there = torch.unique(target)
    near = torch.unique(torch.cat([torch.zeros(1, dtype=torch.long), there, like[there].reshape(-1)]))
    out = torch.ones(classes, dtype=torch.bool)
    out[near] = False
    rest = out.nonzero()[:, 0]
    some = rest[torch.randperm(len(rest))[:OTHERS]]
    rows = torch.cat([near, some])
    more = torch.zeros(len(rows))
    more[len(near) :] = math.log(len(rest) / max(1, len(some)))
    scores = torch.nn.functional.linear(feat, model.cls.weight[rows], model.cls.bias[rows] + more)
    at = torch.full((classes,), -1, dtype=torch.long)
    at[near] = torch.arange(len(near))
    each = torch.nn.functional.cross_entropy(scores, at[target], reduction="none")
    return each.mean(), 1 - torch.exp(-each.detach())


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    chars = data.characters(args.kind)
    torch.manual_seed(args.seed)
    model, average, optimiser_state, state = start(args, chars)
    model = model.to(memory_format=torch.channels_last)
    frozen = [model.stem, model.stem2, *model.body[:3]] if args.freeze else []
    for m in frozen:
        m.requires_grad_(False)
    front = folded(torch.nn.Sequential(*frozen))

    def train_mode():
        model.train()
        for m in frozen:
            m.eval()  # its batch norm stays, too
        if args.refine:
            for m in model.modules():
                if isinstance(m, torch.nn.BatchNorm2d):
                    m.eval()

    like = missed = None
    if args.refine:
        like = look_alikes(model)
        missed = torch.full((len(chars) + 1,), 0.15).share_memory_()
    near = None if like is None else torch.tensor(like)
    train_mode()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=args.rate, weight_decay=1e-4)
    if optimiser_state:
        if len(optimiser_state["state"]) != len(trained):
            raise SystemExit(f"{args.out} was begun with other layers frozen; give it as --init to a new file")
        optimiser.load_state_dict(optimiser_state)
    print(args.kind, len(chars), "characters", sum(p.numel() for p in model.parameters()), "parameters", state, flush=True)

    stop = []
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: stop.append(1))

    def save():
        checkpoint.save(args.out, {"m": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                                   "chars": "".join(chars), "kind": args.kind, **state})

    began, before = time.monotonic(), state["seconds"]
    saved, mean, limit = began, None, args.minutes * 60
    # a resumed run draws other lines than the run before it
    for x, y, said in data.batches(args.kind, args.batch, args.seed * 1_000_003 + state["step"], missed, like):
        if state["seconds"] >= limit or stop:
            break
        done = state["seconds"] / limit
        rate = args.rate * min(1, (state["step"] + 1) / (WARMUP_REFINE if args.refine else WARMUP))
        if done > 1 - COOL:
            rate *= 0.5 * (1 + math.cos(math.pi * (done - 1 + COOL) / COOL)) + 0.005
        for g in optimiser.param_groups:
            g["lr"] = rate
        x = torch.from_numpy(lines.normalise(x.numpy()))[:, None].to(memory_format=torch.channels_last)
        flat = y.reshape(-1)
        scored = (flat > 0) | ((flat == 0) & (torch.rand(flat.shape) < BLANKS[args.kind]))
        with torch.no_grad():
            strokes = front(x)
        feat = model.feat(strokes, len(frozen)).reshape(-1, model.emb.out_channels)[scored]
        if args.refine:
            loss, miss = sampled(model, feat, flat[scored], near)
            sums = torch.zeros(len(missed)).index_add_(0, flat[scored], miss)
            seen = torch.zeros(len(missed)).index_add_(0, flat[scored], torch.ones(len(miss)))
            here = seen > 0
            missed[here] = 0.85 * missed[here] + 0.15 * sums[here] / seen[here]
        else:
            loss = torch.nn.functional.cross_entropy(model.cls(feat), flat[scored])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 5)
        optimiser.step()
        state["step"] += 1
        state["lines"] += len(said)
        now = time.monotonic()
        state["seconds"] = before + now - began
        mean = loss.item() if mean is None else 0.99 * mean + 0.01 * loss.item()
        decay = min(AVERAGE, (1 + state["step"]) / (20 + state["step"]))
        for k, v in model.state_dict().items():
            if v.is_floating_point():
                average[k].mul_(decay).add_(v, alpha=1 - decay)
            else:
                average[k] = v.clone()
        if now - saved > SAVE_EVERY or state["step"] in (1, 50):
            saved = now
            save()
            speed = state["lines"] / state["seconds"]
            print(f"{time.strftime('%H:%M:%S')} {state['seconds'] / 60:.1f}m step {state['step']} lines {state['lines']} {speed:.1f}/s "
                  f"rate {rate:.2e} loss {mean:.3f} {report(model, x, y, said, chars)}", flush=True)
            train_mode()
    save()
    print("saved", state, flush=True)


if __name__ == "__main__":
    main()
