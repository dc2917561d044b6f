"""The decoding of package lines, for measuring: the most likely sequence of characters, each as long as
characters are, with blanks between. The Go package explains it; numbers and rules are the same."""
import numpy as np

TOP = 10
FULL, HALF = (3, 9), (1, 5)  # lengths in frames
DIGIT = (1, 4)  # of a digit among full-width characters
COST_FULL, COST_HALF = 2.5, 1.0
SHARED_DOUBT = 0.3
NEGLIGIBLE = 14
SURE_BLANK = -1e-4
MOST = 512


def _kind(c, mixed):
    if c in "·—":
        return HALF[0], FULL[1], COST_HALF
    if mixed and "0" <= c <= "9":
        return *DIGIT, COST_HALF
    if c < "\u0100":
        return *HALF, COST_HALF
    return *FULL, COST_FULL


def decode(scores, chars):
    """frames x classes scores of one line to its text."""
    scores = scores[:, : len(chars) + 1].astype(np.float32)
    peak = scores.max(1, keepdims=True)
    p = scores - peak - np.log(np.exp(scores - peak).sum(1, keepdims=True))
    blank = p[:, 0]
    alive = blank <= SURE_BLANK
    k = min(TOP, len(chars))
    cands = list(dict.fromkeys((np.argpartition(-p[alive, 1:], k - 1, axis=1)[:, :k] + 1).ravel().tolist()))[:MOST]
    if not cands:
        return ""
    mixed = any(c >= "\u0100" or c == "·" for c in chars)
    low, high, cost = (np.array(v, np.float32) for v in zip(*(_kind(chars[c - 1], mixed) for c in cands)))
    top = p[:, 1:].max(1)
    doubt = np.log(np.maximum(1e-9, 1 - np.exp(blank))) - top
    some = alive & (top > p.max(1) - NEGLIGIBLE)
    spare = np.concatenate([[0], np.cumsum(np.where(some, SHARED_DOUBT * np.maximum(0, doubt), 0))]).astype(np.float32)
    total = np.vstack([np.zeros((1, len(cands)), np.float32), np.cumsum(p[:, cands], 0, dtype=np.float32)])
    frames = len(p)
    best, back = np.zeros(frames + 1, np.float32), [(0, -1)] * (frames + 1)
    for j in range(1, frames + 1):
        best[j], back[j] = best[j - 1] + blank[j - 1], (j - 1, -1)
        for i in range(j - 1, max(0, j - FULL[1]) - 1, -1):
            if not alive[i]:
                break
            v = np.where((low <= j - i) & (j - i <= high), best[i] + spare[j] - spare[i] + total[j] - total[i] - cost, -np.inf)
            n = int(v.argmax())
            if v[n] > best[j]:
                best[j], back[j] = v[n], (i, n)
    text, j = "", frames
    while j:
        i, n = back[j]
        if n >= 0:
            text = chars[cands[n] - 1] + text
        j = i
    return text
