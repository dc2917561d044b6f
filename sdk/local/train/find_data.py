"""What the finder's networks are trained on: photos of specimens that cmd/findset wrote, turned, scaled
and spoilt further.
"""
import json
import math
import os

import cv2
import numpy as np
import torch

import find_net
from find_net import CARD, HEIGHT, KINDS, LANDMARKS, NEAR, STRIDE, UNIT, WIDTH

cv2.setNumThreads(1)
CORNERS = np.array([[CARD[0], CARD[1]], [CARD[2], CARD[1]], [CARD[2], CARD[3]], [CARD[0], CARD[3]]])
UNITS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
SEEN = 0.38  # cards of which less is visible are neither asked for nor counted as mistakes
CLIP = 4.0
# rows, columns of what locate sees
SHAPES = [(144, 192)] * 4 + [(192, 144)] * 4 + [(128, 192), (192, 128), (112, 192), (192, 192), (192, 96)] + [(192, 224), (224, 192), (224, 224)]
# How often a picture has a margin around it, in which the middle of a card may lie, and its share of the frame.
FRAMED, FRAMED_SHARE = 0.35, (0.42, 0.72)


class Pack:
    """The photos of one set, with their cards as (kind, quad, visible). Decoded ones are kept, at half the
    size if that is enough."""

    def __init__(self, base, half=False):
        self.base, self.half, self.file, self.kept = base, half, None, {}
        with open(base + ".jsonl", encoding="utf-8") as f:
            self.index = [json.loads(line) for line in f]
        self.decoys = {}  # what cmd/finddecoys says the finder got wrong
        if os.path.exists(base + ".decoys.jsonl"):
            with open(base + ".decoys.jsonl", encoding="utf-8") as f:
                for i, line in enumerate(f):
                    if quads := json.loads(line):
                        self.decoys[i] = [np.array([[p["x"], p["y"]] for p in q]) for q in quads]
        self.deceived = sorted(self.decoys)

    def __len__(self):
        return len(self.index)

    def photo(self, i):
        if i in self.kept:
            return self.kept[i]
        if self.file is None:
            self.file = open(self.base + ".pack", "rb")  # here: every process its own
        e = self.index[i]
        self.file.seek(e["offset"])
        picture = cv2.imdecode(np.frombuffer(self.file.read(e["size"]), np.uint8), cv2.IMREAD_GRAYSCALE)
        scale = np.ones(2)
        if self.half:
            full, picture = picture, halved(picture)
            scale = np.array([picture.shape[1] / full.shape[1], picture.shape[0] / full.shape[0]])
        cards = []
        for c in e["cards"]:
            kind = c["side"] if c["kind"] == "identity" else "other"
            cards.append((KINDS.index(kind), np.array([[p["x"], p["y"]] for p in c["quad"]]) * scale, c["visible"]))
        self.kept[i] = picture, cards
        return picture, cards


def homography(a, b):
    return cv2.getPerspectiveTransform(a.astype(np.float32), b.astype(np.float32)).astype(float)


def mapped(h, p):
    q = p @ h[:, :2].T + h[:, 2]
    return q[..., :2] / q[..., 2:]


def spoilt(g, picture):
    """What cameras and offices do that the photos do not have enough of."""
    x = picture
    if g.random() < 0.3:
        t = (np.linspace(0, 1, 256) ** math.exp(g.normal(0, 0.35)) * 255).astype(np.uint8)
        x = cv2.LUT(x, t)
    if g.random() < 0.1:
        x = cv2.GaussianBlur(x, (0, 0), g.uniform(0.3, 1.2) if g.random() < 0.7 else g.uniform(1.2, 4))
    if g.random() < 0.1:
        x = np.clip(x + g.normal(0, g.uniform(2, 16), x.shape), 0, 255).astype(np.uint8)
    if g.random() < 0.06:  # two tones
        k = int(max(x.shape) / 12) | 1
        x = np.where(x > cv2.blur(x, (k, k)) - g.uniform(4, 20), 255, 0).astype(np.uint8)
    return x


# Where the portrait and the emblem are on the card, in shares of its width and height.
PORTRAIT = (0.633, 0.115, 0.315, 0.622)
EMBLEM = (0.051, 0.081, 0.245, 0.389)


def repainted(g, picture, cards):
    """Other portraits and emblems: the specimens' drawn ones are all alike, and must not be what a card
    is known by."""
    out = picture
    for kind, quad, _ in cards:
        draw = g.random()
        if kind > 1 or draw > 0.6:
            continue
        if out is picture:
            out = picture.copy()
        h = homography(UNITS, quad)
        left, top, wide, high = PORTRAIT if kind == 0 else EMBLEM
        if draw > 0.5:
            coded(g, out, h, (left, top, wide, high))
            continue

        def ring(x, y, rx, ry, n=24):
            a = np.linspace(0, 2 * math.pi, n, endpoint=False)
            p = np.stack([left + wide * (x + rx * np.cos(a)), top + high * np.minimum(1, y + ry * np.sin(a))], 1)
            return np.round(mapped(h, p) * 16).astype(np.int32)

        def tone():
            return float(np.clip(g.normal(base, 45), 0, 255))

        inside = mapped(h, np.array([[0.35, 0.5], [0.5, 0.6], [0.3, 0.8]])).astype(int)
        inside = np.clip(inside, 0, [out.shape[1] - 1, out.shape[0] - 1])
        base = float(np.median(picture[inside[:, 1], inside[:, 0]])) - 30
        draw = dict(lineType=cv2.LINE_AA, shift=4)
        if kind == 0:
            box = mapped(h, np.array([[left, top], [left + wide, top], [left + wide, top + high], [left, top + high]]))
            cv2.fillConvexPoly(out, np.round(box * 16).astype(np.int32), float(np.clip(base + g.uniform(-30, 60), 0, 255)), **draw)
            x, y = 0.5 + g.normal(0, 0.03), g.uniform(0.32, 0.45)
            body = ring(x, 1.02, g.uniform(0.35, 0.5), g.uniform(0.2, 0.35))
            cv2.fillConvexPoly(out, body, tone(), **draw)
            cv2.fillConvexPoly(out, ring(x, y - 0.05, g.uniform(0.2, 0.3), g.uniform(0.2, 0.27)), tone(), **draw)
            cv2.fillConvexPoly(out, ring(x, y, g.uniform(0.15, 0.24), g.uniform(0.16, 0.24)), tone(), **draw)
        else:
            cv2.fillConvexPoly(out, ring(0.5, 0.5, *[g.uniform(0.42, 0.52)] * 2), tone(), **draw)
            for _ in range(g.integers(1, 6)):
                r = g.uniform(0.05, 0.4)
                c = g.uniform(0.5 - 0.45 + r, 0.95 - r, 2) if r < 0.45 else (0.5, 0.5)
                cv2.polylines(out, [ring(*c, r, r * g.uniform(0.6, 1.3), g.integers(3, 20))], True, tone(),
                              int(g.integers(1, 4)), **draw)
    return out


def coded(g, picture, h, box):
    """A code of dark and light squares, as specimens for tests carry one: as wide as the box or nearly so,
    somewhere in its height."""
    left, top, wide, high = box
    n = int(g.integers(21, 58))
    tall = wide * 85.6 / 54
    side = g.uniform(0.85, 1.05)
    x, y = left + wide * (1 - side) / 2, top + max(0, high - tall * side) * g.random()
    size = int(np.clip(np.linalg.norm(mapped(h, np.array([[x, y], [x + wide * side, y]]))[1] - mapped(h, np.array([[x, y]]))[0]), 8, 400))
    dark, light = g.uniform(0, 70), g.uniform(180, 255)
    code = np.where(g.random((n, n)) < 0.5, dark, light).astype(np.float32)
    for r, c in ((0, 0), (0, n - 7), (n - 7, 0)):
        code[r : r + 7, c : c + 7] = dark
        code[r + 1 : r + 6, c + 1 : c + 6] = light
        code[r + 2 : r + 5, c + 2 : c + 5] = dark
    code = cv2.resize(code, (size * 2, size * 2), interpolation=cv2.INTER_NEAREST)
    code = cv2.resize(code, (size, size), interpolation=cv2.INTER_AREA)
    if g.random() < 0.7:  # faint on a dark photo, as all of it is
        around = picture[tuple(np.clip(mapped(h, np.array([[0.3, 0.55]]))[0].astype(int)[::-1], 0, np.array(picture.shape) - 1))]
        code *= max(0.15, float(around) / 235)
    to = np.array([[x, y], [x + wide * side, y], [x + wide * side, y + tall * side], [x, y + tall * side]])
    m = homography(UNITS * size, mapped(h, to))
    shape = picture.shape[::-1]
    over = cv2.warpPerspective(code, m, shape, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones_like(code), m, shape, flags=cv2.INTER_LINEAR)
    picture[:] = np.clip(picture * (1 - mask) + over * mask, 0, 255).astype(np.uint8)


def visible_in(picture, quad):
    """The share of a card that is in the picture."""
    h, w = picture.shape
    inside = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    q = quad.astype(np.float32)
    return cv2.intersectConvexConvex(q, inside)[0] / max(abs(cv2.contourArea(q)), 1)


def reframed(g, picture, cards):
    """Some pictures as an application that looked for the card, or a scanner, left them: nothing but the card,
    cut exactly or nearly so. Others with a part of the card only."""
    draw = g.random()
    if not cards or draw > 0.25:
        return picture, cards
    _, quad, visible = cards[g.integers(len(cards))]
    if visible < 0.95:
        return picture, cards
    h, w = picture.shape
    if draw < 0.15:
        wide = int(np.clip(np.linalg.norm(quad[1] - quad[0]) * g.uniform(0.8, 1.3), 100, 640))
        high = int(wide * 54 / 85.6 * math.exp(g.normal(0, 0.01)))
        rest = np.where(g.random(4) < 0.4, 0, g.normal(0.004, 0.015, 4)) * wide  # left, top, right, bottom
        to = np.array([[rest[0], rest[1]], [wide - rest[2], rest[1]], [wide - rest[2], high - rest[3]], [rest[0], high - rest[3]]])
        to += g.normal(0, 0.003, (4, 2)) * wide * (g.random() < 0.7)
        m = homography(quad, to)
        shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
        while np.linalg.norm(quad[1] - quad[0]) > 1.5 * wide:  # area first, so that text does not become noise
            full, picture = picture, halved(picture)
            shrink = np.array([picture.shape[1] / full.shape[1], picture.shape[0] / full.shape[0]])
            quad, m = quad * shrink, m @ np.diag([1 / shrink[0], 1 / shrink[1], 1])
            cards = [(k, q * shrink, v) for k, q, v in cards]
        x = cv2.warpPerspective(picture, shift @ m @ np.linalg.inv(shift), (wide, high), flags=cv2.INTER_LINEAR,
                                borderMode=cv2.BORDER_REPLICATE)
        turns = g.integers(4)  # a quarter to the left each
        moved = []
        for k, q, v in cards:
            q = mapped(m, q)
            for t in range(turns):
                q = np.stack([q[:, 1], (wide if t % 2 == 0 else high) - q[:, 0]], 1)
            moved.append((k, q, v))
        x = np.ascontiguousarray(np.rot90(x, turns))
    else:
        low, high = quad.min(0), quad.max(0)
        left, top, right, bottom = 0, 0, w, h
        keep = g.uniform(0.35, 0.75) * (high - low)
        side = g.integers(4)
        if side == 0:
            right = int(low[0] + keep[0])
        elif side == 1:
            left = int(high[0] - keep[0])
        elif side == 2:
            bottom = int(low[1] + keep[1])
        else:
            top = int(high[1] - keep[1])
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, w), min(bottom, h)
        if right - left < 64 or bottom - top < 64:
            return picture, cards
        x = np.ascontiguousarray(picture[top:bottom, left:right])
        moved = [(k, q - [left, top], v) for k, q, v in cards]
    return x, [(k, q, v * visible_in(x, q)) for k, q, v in moved]


def torn(g, picture, cards):
    """The picture without a large part of one of its cards, mostly with the card close to the other edges, too."""
    whole = [i for i, c in enumerate(cards) if c[2] > 0.95]
    if not whole:
        return picture, cards
    h, w = picture.shape
    _, quad, _ = cards[whole[g.integers(len(whole))]]
    low, high = quad.min(0), quad.max(0)
    size = high - low
    box = np.array([[0.0, 0.0], [w, h]])  # left and top, right and bottom
    if g.random() < 0.6:
        near = low - size * g.uniform(0, 0.4, 2), high + size * g.uniform(0, 0.4, 2)
        box = np.array([np.maximum(box[0], near[0]), np.minimum(box[1], near[1])])
    axes = [(int(g.integers(2)), g.uniform(0.36, 0.66))]
    if g.random() < 0.3:  # a corner of it
        axes = [(0, g.uniform(0.55, 0.9)), (1, g.uniform(0.55, 0.9))]
    for axis, keep in axes:
        if g.random() < 0.5:
            box[1, axis] = min(box[1, axis], low[axis] + keep * size[axis])
        else:
            box[0, axis] = max(box[0, axis], high[axis] - keep * size[axis])
    (left, top), (right, bottom) = box.astype(int)
    if right - left < 48 or bottom - top < 48:
        return picture, cards
    x = np.ascontiguousarray(picture[top:bottom, left:right])
    moved = [(k, q - [left, top], v) for k, q, v in cards]
    return x, [(k, q, v * visible_in(x, q)) for k, q, v in moved]


def normalised(x, mean, std):
    return np.clip((x.astype(np.float32) - mean) / (std + 4), -CLIP, CLIP)


def placed(g, picture, shape, framed=False):
    """The picture in a frame of shape, and the affine map that brought it there."""
    h, w = picture.shape
    scale = min(shape[0] / h, shape[1] / w)
    if framed:
        return moved_to(picture, shape, scale, 0, g.uniform(*FRAMED_SHARE), np.zeros(2))
    turn, zoom = 0.0, 1.0
    if g.random() < 0.6:
        turn = g.uniform(-180, 180) if g.random() < 0.25 else g.normal(0, 8)
        zoom = math.exp(g.normal(0, 0.2))
    if g.random() < 0.25:
        turn += 90 * g.integers(1, 4)
    if round(turn / 90) % 2:
        scale = min(shape[0] / w, shape[1] / h)
    shift = g.normal(0, 0.06, 2) * shape[::-1] if g.random() < 0.5 else np.zeros(2)
    return moved_to(picture, shape, scale, turn, zoom, shift)


def moved_to(picture, shape, scale, turn, zoom, shift):
    h, w = picture.shape
    m = cv2.getRotationMatrix2D((w / 2, h / 2), turn, 1) * scale * zoom
    m[:, 2] += np.array([shape[1], shape[0]]) / 2 - np.array([w, h]) / 2 * scale * zoom + shift
    x = picture
    while scale * zoom < 0.67:  # area first, so that text does not become noise
        x = cv2.resize(x, (x.shape[1] // 2, x.shape[0] // 2), interpolation=cv2.INTER_AREA)
        m[:, :2] *= 2
        scale *= 2
    return cv2.warpAffine(x, centred(m), shape[::-1], flags=cv2.INTER_LINEAR, borderValue=float(x.mean())), m, x


def centred(m):
    """The map for pixels counted from the middle of the first one, as OpenCV counts."""
    c = m.copy()
    c[:, 2] += m[:, :2] @ [0.5, 0.5] - 0.5
    return c


def marked(heat, scored, offsets, index, at):
    """Marks a point in the targets: the place it is in, and that those around it are not counted."""
    rows, cols = heat.shape[1:]
    if not (0 <= at[0] < cols * STRIDE and 0 <= at[1] < rows * STRIDE):
        return
    c, r = int(at[0] // STRIDE), int(at[1] // STRIDE)
    for y in range(max(0, r - 1), min(rows, r + 2)):
        for x in range(max(0, c - 1), min(cols, c + 2)):
            d = at - [(x + 0.5) * STRIDE, (y + 0.5) * STRIDE]
            if np.abs(d).max() > 0.85 * STRIDE:
                continue
            if heat[index, y, x] == 0:
                scored[index, y, x] = 0
            offsets[2 * index : 2 * index + 2, y, x] = d / NEAR
    heat[index, r, c] = scored[index, r, c] = 1


def locate_sample(g, pack, i, shape, framed=False):
    """Normalised picture, and at every place: classes, is it scored, corners' offsets and their weight; is a
    corner here, is that scored, its offset."""
    picture, cards = pack.photo(i)
    picture = repainted(g, picture, cards)
    picture, cards = torn(g, picture, cards) if framed and g.random() < 0.7 else reframed(g, picture, cards)
    full = picture.shape
    if g.random() < 0.06:  # mirrored: align tells, locate answers as if it were not
        picture = picture[:, ::-1]
        cards = [(k, np.array([[full[1] - x, y] for x, y in q])[[1, 0, 3, 2]], v) for k, q, v in cards]
    x, m, small = placed(g, picture, shape, framed)
    shrink = np.array([small.shape[1] / full[1], small.shape[0] / full[0]])
    x = normalised(spoilt(g, x), small.mean(), small.std())
    edge = np.array([small.shape[1], small.shape[0]]) @ m[:, :2].T + m[:, 2]
    if framed:  # what is around the picture counts as nothing
        left, top, right, bottom = (int(round(v)) for v in (*m[:, 2], *edge))
        x[:top], x[bottom:], x[:, :left], x[:, right:] = 0, 0, 0, 0
    rows, cols = shape[0] // STRIDE, shape[1] // STRIDE
    cy, cx = np.mgrid[0:rows, 0:cols]
    at = np.stack([cx, cy], -1) * STRIDE + STRIDE / 2
    classes = np.zeros((len(KINDS), rows, cols), np.float32)
    count = np.ones((rows, cols), np.float32)  # is the cell's class scored
    offsets = np.zeros((8, rows, cols), np.float32)
    weight = np.zeros((rows, cols), np.float32)
    heat, scored, near = np.zeros((4, rows, cols), np.float32), np.ones((4, rows, cols), np.float32), np.zeros((8, rows, cols), np.float32)
    for kind, quad, visible in sorted(cards, key=lambda c: c[2]):
        q = (quad * shrink) @ m[:, :2].T + m[:, 2]
        inside = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], np.float32)
        area = abs(cv2.contourArea(q.astype(np.float32)))
        share = cv2.intersectConvexConvex(q.astype(np.float32), inside)[0] / max(area, 1)
        u = mapped(homography(q, UNITS), at) - 0.5
        around, core = (np.abs(u) < 0.42).all(-1), (np.abs(u[..., 0]) < 0.2) & (np.abs(u[..., 1]) < 0.25)
        middle = mapped(homography(UNITS, q), np.array([0.5, 0.5]))
        c, r = (np.clip(middle // STRIDE, 0, [cols - 1, rows - 1])).astype(int)
        count[around] = 0
        side = math.sqrt(area)
        if visible * share < SEEN or side < 14:
            scored[:, (np.abs(u) < 0.65).all(-1)] = 0
            continue
        for k in range(4):
            if framed and not ((m[:, 2] <= q[k]) & (q[k] < edge)).all():  # not in the picture
                scored[k, (np.abs(u) < 0.75).all(-1)] = 0
                continue
            marked(heat, scored, near, k, q[k])
        if 0 <= middle[0] < shape[1] and 0 <= middle[1] < shape[0]:
            core[r, c] = True
        if not core.any():
            continue
        count[core], classes[:, core] = 4 / core.sum(), 0
        classes[kind, core] = 1
        d = (q[:, None, None] - at) / UNIT  # 4 x rows x cols x 2
        offsets[:, core] = d.transpose(0, 3, 1, 2).reshape(8, rows, cols)[:, core]
        weight[core] = UNIT / side / core.sum()
    return x[None], classes, count, offsets, weight, heat, scored, near


def halved(x):
    h, w = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    return cv2.resize(x[:h, :w], (w // 2, h // 2), interpolation=cv2.INTER_AREA)


def straightened(picture, quad):
    """The frame that align sees when quad is taken for the card: as package page samples it."""
    h = homography(CORNERS, quad)
    mid = mapped(h, np.array([[WIDTH / 2, HEIGHT / 2], [WIDTH / 2 + 1, HEIGHT / 2], [WIDTH / 2, HEIGHT / 2 + 1]]))
    dense, level = np.linalg.norm(mid[1:] - mid[0], axis=1).max(), 1
    while dense / level > 1.5 and min(picture.shape) >= 4:
        picture, level = halved(picture), level * 2
    to = np.diag([1 / level, 1 / level, 1]) @ h
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    to = shift @ to @ np.linalg.inv(shift)
    return cv2.warpPerspective(picture, to, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)


def near_miss(g):
    """Corners of the frame's card as a first guess may have them, or a second."""
    s = math.exp(g.uniform(math.log(0.004), math.log(0.13)))
    c = CORNERS.mean(0)
    turn, zoom = g.normal(0, s), np.exp(g.normal(0, s, 2))
    r = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    size = CARD[2] - CARD[0]
    return (CORNERS - c) * zoom @ r.T + c + g.normal(0, s * 0.6, 2) * size + g.normal(0, s * 0.35, (4, 2)) * size


PLACES = (HEIGHT // STRIDE, WIDTH // STRIDE)
POINTS = find_net.POINTS["align"]
NO_POINTS = [np.zeros((n, *PLACES), np.float32) for n in (POINTS, POINTS, 2 * POINTS)]
NONE = 3


def align_samples(g, pack, i):
    """A few frames from one photo: (frame, class, turned, mirrored, points, are they scored, offsets)."""
    picture, cards = pack.photo(i)
    picture = repainted(g, picture, cards)
    whole = picture
    picture, cards = reframed(g, picture, cards)
    out = []
    for kind, quad, visible in cards:
        if visible < SEEN:
            continue
        for _ in range(2):
            if g.random() < 0.35:
                continue
            turned, mirrored = g.random() < 0.25, g.random() < 0.1
            src, q = picture, quad
            if mirrored:
                src = np.ascontiguousarray(picture[:, ::-1])
                q = np.array([[picture.shape[1] - x, y] for x, y in quad])[[1, 0, 3, 2]]
            if turned:
                q = q[[2, 3, 0, 1]]
            out += frame_of(g, src, mapped(homography(CORNERS, q), near_miss(g)), q, kind, turned, mirrored)
    for decoy in pack.decoys.get(i, []) if picture is whole else []:
        size = math.sqrt(abs(cv2.contourArea(decoy.astype(np.float32))))
        decoy = decoy + g.normal(0, 0.01, (4, 2)) * size
        near = [c for c in cards if np.linalg.norm(c[1].mean(0) - decoy.mean(0)) < 0.3 * size]
        if not near:
            out += frame_of(g, picture, decoy, decoy, NONE, False, False)
            continue
        kind, quad, visible = near[0]
        turns = [quad, quad[[2, 3, 0, 1]]]
        away = [np.linalg.norm(q - decoy, axis=1).max() / size for q in turns]
        if visible >= SEEN and min(away) < 0.4:
            k = int(np.argmin(away))
            out += frame_of(g, picture, decoy, turns[k], kind, k == 1, False)
    if g.random() < 0.3 or not cards:
        out += no_card(g, picture, cards)
    return out


def frame_of(g, picture, guess, quad, kind, turned, mirrored):
    """What is seen when guess is taken for the card, which is at quad with its corners in the guess's order."""
    if not cv2.isContourConvex(guess.astype(np.float32)) or cv2.contourArea(guess.astype(np.float32), True) < 0:
        return []
    frame = spoilt(g, straightened(picture, guess))
    if kind == NONE:
        return [(frame, NONE, False, False, *NO_POINTS)]
    heat, scored, near = (m.copy() for m in NO_POINTS)
    scored[:] = 1
    back = homography(CORNERS, mapped(np.linalg.inv(homography(CORNERS, guess)), quad))
    points = list(CORNERS)
    if kind < 2:
        points += list(CORNERS[0] + (CORNERS[2] - CORNERS[0]) * (np.array(LANDMARKS[kind]) / [85.6, 54.0]))
    if mirrored:
        points[4:] = [[CORNERS[0][0] + CORNERS[2][0] - x, y] for x, y in points[4:]]
    if turned:
        points[4:] = [CORNERS[0] + CORNERS[2] - p for p in points[4:]]
    for k, p in enumerate(points):
        marked(heat, scored, near, k, mapped(back, np.asarray(p, float)))
    if kind == 2:
        scored[4:] = 0
    return [(frame, kind, turned, mirrored, heat, scored, near)]


def no_card(g, picture, cards):
    """A frame with no card in it, or not as a frame should have it: half of one, across, far too large."""
    h, w = picture.shape
    if cards and g.random() < 0.6:
        _, quad, _ = cards[g.integers(len(cards))]
        k = g.integers(4)
        c = CORNERS.mean(0)
        p = CORNERS.copy()
        if k == 0:
            a = g.uniform(0, 2 * math.pi)
            p = p + np.array([math.cos(a) * 152, math.sin(a) * 96]) * g.uniform(0.5, 0.9)
        elif k == 1:
            a = math.radians(90 * g.choice([-1, 1]) + g.normal(0, 15))
            p = (p - c) @ np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).T + c
        elif k == 2:
            p = (p - c) * g.uniform(1.7, 3) + c
        else:
            p = (p - c) * g.uniform(0.2, 0.6) + c + g.normal(0, 10, 2)
        q = mapped(homography(CORNERS, quad), p)
    else:
        size, a = g.uniform(0.2, 0.9) * max(h, w), g.uniform(0, 2 * math.pi)
        if g.random() < 0.5:
            a = round(a / (math.pi / 2)) * math.pi / 2
        box = (UNITS - 0.5) * [size, size * 54 / 85.6]
        q = box @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) + g.uniform(0.1, 0.9, 2) * [w, h]
        q = q + g.normal(0, size * 0.02, (4, 2))
        for _, c, visible in cards:
            if cv2.intersectConvexConvex(q.astype(np.float32), c.astype(np.float32))[0] > 0.25 * size * size * 0.63:
                return []
    return frame_of(g, picture, q, q, NONE, False, False)


class Batches(torch.utils.data.IterableDataset):
    """Endless batches; each worker and each seed has its own."""

    def __init__(self, kind, base, batch, seed):
        self.kind, self.pack, self.batch, self.seed = kind, Pack(base, kind == "locate"), batch, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        g = np.random.default_rng([self.seed, worker.id if worker else 0])
        return self.locate(g) if self.kind == "locate" else self.align(g)

    def any(self, g):
        """A photo, and more often one that deceived the finder."""
        wrong = self.pack.deceived and g.random() < 0.25
        return g.choice(self.pack.deceived) if wrong else g.integers(len(self.pack))

    def locate(self, g):
        while True:
            shape = SHAPES[g.integers(len(SHAPES))]
            rows = [locate_sample(g, self.pack, self.any(g), shape, g.random() < FRAMED) for _ in range(self.batch)]
            yield [torch.from_numpy(np.stack(c)) for c in zip(*rows)]

    def align(self, g):
        waiting = []
        while True:
            while len(waiting) < self.batch * 3:  # mixed, so that a batch has more than a few photos
                waiting += align_samples(g, self.pack, self.any(g))
            g.shuffle(waiting)
            rows, waiting = waiting[: self.batch], waiting[self.batch :]
            x, kind, turned, mirrored, *maps = zip(*rows)
            x = np.stack([normalised(f, f.mean(), f.std()) for f in x])[:, None]
            yield [torch.from_numpy(x), torch.tensor(kind), torch.tensor(turned).float(), torch.tensor(mirrored).float(),
                   *[torch.from_numpy(np.stack(m)) for m in maps]]
