"""What a network misses in lines that were cut out of drawn photos: see cuts.py.

    missed.py CHECKPOINT CUTS.jsonl... > MISSED.json

For each Chinese character how much of its probability goes to others, 0 to 1, a mean over where it stands in every
second line of the files, drawn towards that of all characters as five more lines would; and the others that it is
taken for most easily. A core reads some 60 lines a second.
"""
import base64
import collections
import json
import sys

import numpy as np
import torch

import checkpoint
import lines
import net
import train

DRAWN = 5  # places that every character has beside its own


def main():
    torch.set_num_threads(1)
    model, chars = checkpoint.model(sys.argv[1])
    model = model.to(memory_format=torch.channels_last)
    index = {c: i for i, c in enumerate(chars)}
    missed = collections.defaultdict(list)
    for path in sys.argv[2:]:
        for i, text in enumerate(open(path)):
            line = json.loads(text)
            if i % 2 or not line["places"]:
                continue
            x = np.frombuffer(base64.b64decode(line["pix"]), np.uint8).reshape(32, line["w"])
            with torch.no_grad():
                scores = torch.log_softmax(model(torch.from_numpy(lines.normalise(x))[None, None])[0], -1)
            for c, middle, _ in line["places"]:
                at = int(middle) // net.STRIDE
                if c < "\u3400" or c not in index or not 1 <= at < len(scores) - 1:
                    continue
                p = torch.softmax(scores[at - 1 : at + 2, 1:].mean(0), 0)
                missed[c].append(1 - float(p[index[c]]))
    if not missed:
        raise SystemExit("the files have no characters")
    mean = sum(map(sum, missed.values())) / sum(map(len, missed.values()))
    alike = train.look_alikes(model)
    out = {
        c: {"missed": round((sum(missed[c]) + DRAWN * mean) / (len(missed[c]) + DRAWN), 4), "alike": "".join(chars[k - 1] for k in alike[i + 1])}
        for c, i in index.items() if c >= "\u3400"
    }
    json.dump(out, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
