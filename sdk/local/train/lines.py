"""Lines as tensors: normalisation and the target of every frame."""
import numpy as np

from net import STRIDE

IGNORE = -100  # a frame that is not scored


def normalise(a):
    """uint8 lines to zero mean; the deviation has a floor so that an empty crop stays quiet."""
    a = a.astype(np.float32)
    m = a.mean(axis=(-2, -1), keepdims=True)
    s = a.std(axis=(-2, -1), keepdims=True)
    return (a - m) / (s + 6)


def targets(classes, centres, widths, width):
    """The class around each character's centre, blank between and elsewhere, IGNORE at the flanks.

    Drawing knows where each character stands, so every frame has its own label and no alignment is
    searched for: this learns many times faster than CTC and is decoded in the same way.
    """
    t = np.zeros(width // STRIDE, np.int64)
    x = np.arange(len(t)) * STRIDE + STRIDE / 2
    d = np.abs(x[None] - np.asarray(centres)[:, None])
    w = np.asarray(widths)[:, None]
    t[(d < 0.42 * w).any(0)] = IGNORE
    near = d.argmin(1)
    for k, c in enumerate(classes):
        t[d[k] < 0.35 * w[k, 0]] = c
    for k in range(len(classes) - 1):
        edge = (centres[k] + widths[k] / 2 + centres[k + 1] - widths[k + 1] / 2) / 2
        n = int(np.abs(x - edge).argmin())
        if n not in near:
            t[n] = 0
    for k, c in enumerate(classes):
        t[near[k]] = c
    return t
