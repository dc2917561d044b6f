"""The line network: a grey line 32 pixels high in, class scores every 4 pixels of width out."""
import torch.nn as nn
import torch.nn.functional as F

HEIGHT, STRIDE = 32, 4
# Widths of the five stages and of the embedding, all multiples of 16 (the kernel's tile).
SHAPES = {
    "han": ((32, 64, 128, 256, 384), 160),
    "digit": ((16, 32, 48, 64, 96), 48),
}


class Block(nn.Module):
    """Depthwise, then pointwise; adds its input where the shapes agree."""

    def __init__(self, ci, co, stride=(1, 1), kernel=(3, 3)):
        super().__init__()
        self.dw = nn.Conv2d(ci, ci, kernel, stride, (kernel[0] // 2, kernel[1] // 2), groups=ci, bias=False)
        self.b1 = nn.BatchNorm2d(ci)
        self.pw = nn.Conv2d(ci, co, 1, bias=False)
        self.b2 = nn.BatchNorm2d(co)
        self.res = ci == co and stride == (1, 1)

    def forward(self, x):
        y = F.relu(self.b1(self.dw(x)), inplace=True)
        y = self.b2(self.pw(y))
        return F.relu(y + x if self.res else y, inplace=True)


def conv(ci, co, kernel, stride=1, padding=0):
    return nn.Sequential(
        nn.Conv2d(ci, co, kernel, stride, padding, bias=False), nn.BatchNorm2d(co), nn.ReLU(inplace=True)
    )


class Net(nn.Module):
    def __init__(self, classes, shape):
        super().__init__()
        c, emb = shape
        self.stem = conv(1, c[0], 3, (2, 2), 1)
        self.stem2 = conv(c[0], c[1], 3, (1, 2), 1)  # 16 rows
        self.body = nn.Sequential(
            Block(c[1], c[2], (2, 1)), Block(c[2], c[2]), Block(c[2], c[2]),  # 8
            Block(c[2], c[3], (2, 1)), Block(c[3], c[3]), Block(c[3], c[3]),  # 4
            Block(c[3], c[4], (2, 1)), Block(c[4], c[4]),  # 2
        )
        self.col = conv(c[4], c[4], (2, 1))  # 1
        self.seq = nn.Sequential(Block(c[4], c[4], kernel=(1, 5)), Block(c[4], c[4], kernel=(1, 5)))
        self.emb = nn.Conv2d(c[4], emb, 1)
        self.cls = nn.Linear(emb, classes)

    def feat(self, x, done=0):
        """B x 1 x 32 x W to B x W/4 x embedding. x has gone through the first layers where done is not 0."""
        for m in [self.stem, self.stem2, *self.body][done:]:
            x = m(x)
        x = self.seq(self.col(x))
        return self.emb(x).squeeze(2).transpose(1, 2)

    def forward(self, x):
        return self.cls(self.feat(x))


def greedy(scores, chars):
    """Best class a frame, repeats merged, blanks dropped."""
    out = []
    for row in scores.argmax(-1).tolist():
        before, text = 0, ""
        for c in row:
            if c and c != before:
                text += chars[c - 1]
            before = c
        out.append(text)
    return out


def widen(model, state):
    """Loads state into a model of the same or greater widths.

    What is new starts at random but is not listened to: weights from new inputs to old outputs are
    zero, so the old outputs stay what they were.
    """
    new = model.state_dict()
    for name, old in state.items():
        t = new[name]
        old = old.to(t.dtype)
        if t.shape == old.shape:
            new[name] = old
            continue
        t = t.clone()
        depthwise = t.dim() == 4 and t.shape[1] == 1 and old.shape[1] == 1
        if t.dim() > 1 and not depthwise:
            t[: old.shape[0]] = 0
        t[tuple(slice(0, n) for n in old.shape)] = old
        new[name] = t
    model.load_state_dict(new)
