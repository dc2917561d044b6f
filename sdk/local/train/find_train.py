"""Trains a network of the finder, resumable at any time.

    find_train.py locate|align --data PACK --out RUN.pt [--minutes 40] [--seed 1] [--threads 1]

If RUN.pt exists, training goes on from it until --minutes of training time have passed over all runs.
SIGTERM and SIGINT end it after the current step with a checkpoint. PACK is what cmd/findset wrote, as it
is when the training starts.
"""
import argparse
import math
import os
import signal
import time

import torch
import torch.nn.functional as F

import checkpoint
import find_data
import find_net
import net

SAVE_EVERY = 60  # seconds
WARMUP = 100  # steps
COOL = 0.6  # the last part of the time in which the rate falls to nothing
AVERAGE = 0.998  # decay of the running average of the weights, which is what is released


def focal(score, target):
    p = torch.sigmoid(score)
    bce = F.binary_cross_entropy_with_logits(score, target, reduction="none")
    return torch.where(target > 0, 1 - p, p) ** 2 * bce


def points_loss(kind, y, heat, scored, near):
    """Where each point is, and how far from the middle of the place."""
    n, first, points = y.shape[0], find_net.SEEN[kind], find_net.POINTS[kind]
    score, offsets = y[:, first : first + points], y[:, first + points : first + 3 * points]
    seen = (focal(score, heat) * scored).sum() / n
    there = (near != 0).float()
    off = (F.smooth_l1_loss(offsets, near, reduction="none", beta=0.05) * there).sum() / n
    return seen + off, {"seen": seen.item(), "off": off.item() / max(1e-6, there.sum().item() / n)}


def locate_loss(y, classes, count, offsets, weight, heat, scored, near):
    k = len(find_net.KINDS)
    n = y.shape[0]
    share = weight[:, None] * find_net.UNIT  # by card, whatever its size
    miss = F.smooth_l1_loss(y[:, k : k + 8], offsets, reduction="none", beta=0.05)
    look = (focal(y[:, :k], classes).sum(1) * count).sum() / n
    box = (miss * share).sum() / n / find_net.UNIT
    points, parts = points_loss("locate", y, heat, scored, near)
    return look * 0.5 + box + points, {"look": look.item(), "box": box.item(), **parts}


def align_loss(y, kind, turned, mirrored, heat, scored, near):
    flat = y[:, :6].mean((2, 3))
    look = F.cross_entropy(flat[:, :4], kind)
    sided = (kind < 2).float()
    turn = (F.binary_cross_entropy_with_logits(flat[:, 4], turned, reduction="none") * sided).mean()
    flip = (F.binary_cross_entropy_with_logits(flat[:, 5], mirrored, reduction="none") * sided).mean()
    points, seen = points_loss("align", y, heat, scored, near)
    with torch.no_grad():
        right = (flat[:, :4].argmax(1) == kind).float().mean().item()
        up = (((flat[:, 4] > 0).float() == turned).float() * sided).sum().item() / max(1, sided.sum().item())
    return look + turn + flip + 0.5 * points, {
        "look": look.item(), "turn": turn.item(), "flip": flip.item(), **seen, "right": right, "up": up}


LOSS = {"locate": locate_loss, "align": align_loss}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=find_net.DEEP)
    p.add_argument("--data", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--init")
    p.add_argument("--minutes", type=float, default=40)
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    args = p.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    model = find_net.Find(args.kind)
    state, average, before = {"step": 0, "seconds": 0.0}, None, None
    if os.path.exists(args.out):
        before = checkpoint.load(args.out)
        model.load_state_dict(before["m"])
        average, state = before["average"], {k: before[k] for k in state}
    elif args.init:
        c = checkpoint.load(args.init)
        net.widen(model, {k: v.float() if v.is_floating_point() else v for k, v in c.get("average", c["m"]).items()})
    average = average or {k: v.clone() for k, v in model.state_dict().items()}
    model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    if before:
        optimiser.load_state_dict(before["optimiser"])
    data = find_data.Batches(args.kind, args.data, args.batch, args.seed * 1_000_003 + state["step"])
    loader = torch.utils.data.DataLoader(data, batch_size=None, num_workers=1, prefetch_factor=4)
    print(args.kind, sum(v.numel() for v in model.parameters()), "parameters", len(data.pack), "photos", state, flush=True)
    stop = []
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: stop.append(1))

    def save():
        checkpoint.save(args.out, {"m": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                                   "kind": args.kind, **state})

    began, spent, limit = time.monotonic(), state["seconds"], args.minutes * 60
    saved, mean = began, {}
    model.train()
    for x, *target in loader:
        if state["seconds"] >= limit or stop:
            break
        done = state["seconds"] / limit
        rate = args.rate * min(1, (state["step"] + 1) / WARMUP)
        if done > 1 - COOL:
            rate *= 0.5 * (1 + math.cos(math.pi * (done - 1 + COOL) / COOL)) + 0.005
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss, parts = LOSS[args.kind](model(x.to(memory_format=torch.channels_last)), *target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimiser.step()
        state["step"] += 1
        now = time.monotonic()
        state["seconds"] = spent + now - began
        for k, v in parts.items():
            mean[k] = v if k not in mean else 0.98 * mean[k] + 0.02 * v
        decay = min(AVERAGE, (1 + state["step"]) / (20 + state["step"]))
        for k, v in model.state_dict().items():
            if v.is_floating_point():
                average[k].mul_(decay).add_(v, alpha=1 - decay)
            else:
                average[k] = v.clone()
        if now - saved > SAVE_EVERY or state["step"] in (1, 20, 100):
            saved = now
            save()
            speed = state["step"] * args.batch / state["seconds"]
            print(f"{time.strftime('%H:%M:%S')} {state['seconds'] / 60:.1f}m step {state['step']} {speed:.1f}/s rate {rate:.2e}",
                  " ".join(f"{k} {v:.4f}" for k, v in mean.items()), flush=True)
    save()
    print("saved", state, flush=True)


if __name__ == "__main__":
    main()
