"""The finder's two networks, of the layers that package nn runs.

locate looks at a whole picture, its longer side 192 pixels, and says every 16 pixels whether the middle
of a card is there, of which kind, and where its four corners are; and whether a corner is there. align
looks at one card that was straightened by that guess, and finds its corners and landmarks. It must know
where a card should be, so its picture has two more channels, the place across and down from -1 to 1.
"""
import torch
import torch.nn as nn

import net

STRIDE = 16
LONG = 192  # the longer side of the picture that locate sees
UNIT = 32.0  # pixels of a corner's offset per unit of output

# What align sees: the card with a margin. A card of 85.6 x 54 mm in the middle of WIDTH x HEIGHT pixels.
WIDTH, HEIGHT = 192, 128
CARD = (20.0, 16.05, 172.0, 111.9370)  # left, top, right, bottom; 54 / 85.6 of 152 is 95.887

KINDS = ("portrait", "emblem", "other")
ALIGN = ("portrait", "emblem", "other", "none", "turned", "mirrored")

# Points of the card that can be told from what is around them, in millimetres: the portrait's corners, the
# beginnings of the labels and the end of the number; the emblem's middle, the ends of the two headings,
# of the labels, and where the validity begins.
LANDMARKS = (
    ((54.2, 6.2), (81.2, 6.2), (81.2, 39.8), (54.2, 39.8), (5.2, 8.4), (5.2, 48.4), (5.2, 15.0), (5.2, 21.4),
     (5.2, 28.0), (76.5, 48.4)),
    ((14.9, 14.9), (30.5, 10.6), (78.7, 10.6), (31.4, 20.2), (77.8, 20.2), (18.2, 48.2), (18.2, 41.6), (30.7, 41.6),
     (30.7, 48.2), (34.2, 48.2)),
)

# The outputs at a place. A point is seen at the place of the highest score of its kind, and its offset from
# there is in units of NEAR pixels. The kernels want multiples of 16 outputs.
NEAR = 8.0
OUTPUTS = {"locate": 32, "align": 48}
QUAD = len(KINDS)  # of locate, eight: the corners from the middle, in units of UNIT pixels
POINTS = {"locate": 4, "align": 4 + len(LANDMARKS[0])}  # the corners, then those of the side
SEEN = {"locate": QUAD + 8, "align": len(ALIGN)}  # where the points' scores begin, and then their offsets

WIDTHS = (32, 64, 128)
DEEP = {"locate": 5, "align": 4}


class Find(nn.Module):
    def __init__(self, kind):
        super().__init__()
        a, b, c = WIDTHS
        self.places = kind == "align"
        self.stem = net.conv(3 if self.places else 1, a, 5, (4, 4), 2)
        self.stem2 = net.conv(a, b, 3, (2, 2), 1)  # 8
        self.stem3 = net.conv(b, c, 3, (2, 2), 1)  # 16
        self.body = nn.Sequential(*[net.Block(c, c, kernel=(5, 5)) for _ in range(DEEP[kind])])
        self.head = nn.Conv2d(c, OUTPUTS[kind], 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        # most places are no card and no point
        self.head.bias.data[SEEN[kind] : SEEN[kind] + POINTS[kind]] = -4
        if kind == "locate":
            self.head.bias.data[: len(KINDS)] = -4

    def forward(self, x):
        if self.places:
            n, _, h, w = x.shape
            across = ((torch.arange(w) + 0.5) * (2 / w) - 1).expand(n, 1, h, w)
            down = ((torch.arange(h) + 0.5) * (2 / h) - 1)[:, None].expand(n, 1, h, w)
            x = torch.cat([x, across, down], 1).contiguous(memory_format=torch.channels_last)
        return self.head(self.body(self.stem3(self.stem2(self.stem(x)))))
