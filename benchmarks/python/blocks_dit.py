"""A plain PyTorch diffusion transformer trained on the built-in shapes: what the same minutes give without fusedit.

    python blocks_dit.py --minutes 8 --threads 2 --prompts seen.jsonl --out images
    fusedit eval --images images --suite blocks --sets seen

The images are those of docs/blocks.md, drawn by this file alone (`--check` compares four of them with the CRCs there). The model is what one
would write first: captions as words through a small transformer, image patches with cross-attention to it, adaLN-zero, rectified flow,
AdamW, an EMA, guidance; about as many parameters as recipes/blocks.yaml. Needs torch and numpy.
"""

import argparse
import copy
import json
import math
import pathlib
import time
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# --- the images -----------------------------------------------------------------------------------------------------------------------

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
COLORS = {"red": (220, 40, 40), "green": (40, 180, 60), "blue": (50, 90, 230), "yellow": (235, 215, 50), "purple": (150, 60, 190),
          "white": (240, 240, 240)}
NAMES = list(COLORS)
SHAPES = ["circle", "square", "triangle", "cross"]
HELD_OUT = {("yellow", "circle"), ("purple", "square"), ("green", "triangle"), ("blue", "cross")}
SEEN = [(c, s) for c in NAMES for s in SHAPES if (c, s) not in HELD_OUT]
RELATIONS = ["left", "right", "above", "below"]
KINDS = ["single", "two", "counting", "colors", "position", "attribution"]
OPENINGS = ["", "a picture of", "a drawing of", "an image of", "the picture shows", "we see", "just", "only"]
ENDINGS = ["", "on a dark ground", "and nothing else"]
NUMBERS = {2: "two", 3: "three", 4: "four"}
TRAINING = 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Dice:
    def __init__(self, seed, purpose, index):
        self.state = mix((mix((mix((seed + GOLDEN) & MASK) + purpose + GOLDEN) & MASK) + index + GOLDEN) & MASK)

    def bits(self):
        self.state = (self.state + GOLDEN) & MASK
        return mix(self.state)

    def below(self, n):
        return (self.bits() * n) >> 64

    def between(self, a, b):
        return a + self.below(b - a + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def weighted(self, *weights):
        r = self.below(sum(weights))
        for i, weight in enumerate(weights):
            if r < weight:
                return i
            r -= weight


def draw_claim(dice, kind):
    """(objects as [color or None, shape or None], count, relation, whether more is named than must be)."""
    def named():
        return dice.below(100) < 50

    def other(thing):
        while True:
            second = dice.pick(SEEN)
            if second[0] != thing[0] and second[1] != thing[1]:
                return second

    if kind == "single":
        return ([dice.pick(SEEN)], 1, None, True) if named() else ([(None, dice.pick(SHAPES))], 1, None, False)
    if kind == "colors":
        return ([dice.pick(SEEN)], 1, None, True) if named() else ([(dice.pick(NAMES), None)], 1, None, False)
    if kind == "two":
        more, thing = named(), dice.pick(SEEN)
        while True:
            shape = dice.pick(SHAPES)
            if shape != thing[1]:
                break
        pair = [thing if more else (None, thing[1]), (None, shape)]
        return pair if dice.below(2) == 0 else pair[::-1], 1, None, more
    if kind == "counting":
        count = dice.between(2, 4)
        return [dice.pick(SEEN)], count, None, True
    thing = dice.pick(SEEN)
    pair = [thing, other(thing)]
    if dice.below(2) == 1:
        pair.reverse()
    return pair, 1, dice.pick(RELATIONS) if kind == "position" else None, True


def is_reserved(kind, claim, wording, opening, ending):
    objects, count, relation, more = claim
    number = (wording * 8 + opening) * 3 + ending
    c = [NAMES.index(color) if color else 0 for color, _ in objects]
    s = [SHAPES.index(shape) if shape else 0 for _, shape in objects]
    if kind == "counting":
        return (count + c[0] + 2 * s[0]) % 5 == 0
    if kind == "attribution":
        return (c[0] + c[1] + 2 * (s[0] + s[1])) % 5 == 0
    if kind == "position":
        first, second = (0, 1) if relation in ("left", "above") else (1, 0)
        return (c[first] + 2 * c[second] + s[first] + 3 * s[second] + (0 if relation in ("left", "right") else 1)) % 5 == 0
    if more or number == 0:
        return False
    return (number + (c[0] if kind == "colors" else s[0] if kind == "single" else s[0] + 2 * s[1])) % 3 == 0


def phrase(kind, claim, wording, opening, ending):
    objects, count, relation, more = claim

    def name(thing, article="a"):
        return " ".join(word for word in (article, *thing) if word)

    if kind == "single":
        core = name(objects[0], ("a", "one", "a single")[wording])
    elif kind in ("two", "attribution"):
        core = f"{name(objects[0])} {('and', 'with', 'together with')[wording]} {name(objects[1])}"
    elif kind == "counting":
        color, shape = objects[0]
        core = f"{('', 'exactly ', 'altogether ')[wording]}{NUMBERS[count]} {color} {shape}{'es' if shape[-1] in 'sx' else 's'}"
    elif kind == "colors":
        color, shape = objects[0]
        core = (f"a {color} thing", f"a {color} object", f"something {color}")[wording] + (f" that is a {shape}" if more else "")
    else:
        words = relation if relation in ("above", "below") else f"{relation} of" if wording == 0 else f"to the {relation} of"
        a, b = name(objects[0]), name(objects[1])
        core = (f"{a} {words} {b}", f"{a} which is {words} {b}", f"{b} with {a} {words} it")[wording]
    return " ".join(part for part in (OPENINGS[opening], core, ENDINGS[ending]) if part)


def draw_places(dice, count, relation):
    low, high = ((160, 288), (144, 208), (128, 160), (128, 160))[count - 1]
    while True:
        places = []
        for _ in range(count):
            d = dice.between(low, high)
            margin = 32 + (d + 1) // 2
            x, y = dice.between(margin, 512 - margin), dice.between(margin, 512 - margin)
            if any(2 * abs(x - px) < d + pd + 64 and 2 * abs(y - py) < d + pd + 64 for pd, px, py in places):
                break
            places.append((d, x, y))
        else:
            if relation is None or holds(relation, *places):
                return places


def holds(relation, a, b):
    dx, dy = b[1] - a[1], b[2] - a[2]
    along, across = {"left": (dx, dy), "right": (-dx, dy), "above": (dy, dx), "below": (-dy, dx)}[relation]
    return along >= abs(across) + 16


def inside(shape, x, y, d):
    if shape == "circle":
        return 4 * (x * x + y * y) <= d * d
    if shape == "square":
        return (2 * abs(x) <= d) & (2 * abs(y) <= d)
    if shape == "triangle":
        return (4 * abs(x) <= 2 * y + d) & (2 * y <= d)
    return (6 * abs(x) <= d) & (2 * abs(y) <= d) | (2 * abs(x) <= d) & (6 * abs(y) <= d)


def sample(seed, index, purpose=TRAINING):
    """A caption and its image, (32, 32, 3) of bytes."""
    dice = Dice(seed, purpose, index)
    kind = KINDS[dice.weighted(3, 3, 3, 2, 3, 3)]
    while True:
        claim = draw_claim(dice, kind)
        wording = dice.weighted(4, 1, 1)
        opening = 0 if dice.below(2) == 0 else dice.between(1, 7)
        ending = dice.weighted(6, 1, 1)
        if not is_reserved(kind, claim, wording, opening, ending):
            break
    things = []
    for color, shape in claim[0] * claim[1]:
        while True:
            pair = (color or dice.pick(NAMES), shape or dice.pick(SHAPES))
            if pair not in HELD_OUT:
                break
        things.append(pair)
    places = draw_places(dice, len(things), claim[2])
    ground = [dice.between(0, 24) for _ in range(3)]
    image = np.empty((32, 32, 3), np.int64)
    image[:] = ground
    for (color, shape), (d, x, y) in zip(things, places):
        paint = [min(255, max(0, channel + dice.between(-8, 8))) for channel in COLORS[color]]
        r = d // 2 + 1
        x0, x1, y0, y1 = (x - r) // 16, (x + r) // 16 + 1, (y - r) // 16, (y + r) // 16 + 1
        px = np.arange(16 * x0 + 1, 16 * x1 + 1, 2) - x
        py = np.arange(16 * y0 + 1, 16 * y1 + 1, 2) - y
        k = inside(shape, px[None, :], py[:, None], d).reshape(y1 - y0, 8, x1 - x0, 8).sum((1, 3))[..., None]
        part = image[y0:y1, x0:x1]
        image[y0:y1, x0:x1] = np.where(k > 0, (np.array(ground) * (64 - k) + np.array(paint) * k + 32) // 64, part)
    return phrase(kind, claim, wording, opening, ending), image.astype(np.uint8)


def check():
    wanted = [("a green square", 0x3107D510), ("just a blue thing that is a square on a dark ground", 0x77B800B5),
              ("a yellow triangle", 0x657BF71E), ("the picture shows a purple cross below a yellow square", 0xD414A203)]
    for index, (caption, crc) in enumerate(wanted):
        text, image = sample(42, index)
        if (text, zlib.crc32(image.tobytes())) != (caption, crc):
            raise SystemExit(f"sample {index} is '{text}', {zlib.crc32(image.tobytes()):08x}, not '{caption}', {crc:08x}")
    print("the four samples of docs/blocks.md are drawn alike")


class Samples(torch.utils.data.IterableDataset):
    def __init__(self, seed, vocabulary, batch):
        self.seed, self.vocabulary, self.batch = seed, vocabulary, batch

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        step, of = (worker.id, worker.num_workers) if worker else (0, 1)
        while True:
            drawn = [sample(self.seed, step * self.batch + i) for i in range(self.batch)]
            images = torch.from_numpy(np.stack([image for _, image in drawn])).permute(0, 3, 1, 2) / 127.5 - 1
            yield images, self.vocabulary.ids([caption for caption, _ in drawn])
            step += of


class Vocabulary:
    LENGTH = 24

    def __init__(self):
        words = sorted({word for i in range(20_000) for word in caption_only(i).split()})
        self.index = {word: i + 1 for i, word in enumerate(words)}

    def ids(self, captions):
        ids = torch.zeros(len(captions), self.LENGTH, dtype=torch.long)
        for row, caption in enumerate(captions):
            known = [self.index.get(word, 0) for word in caption.lower().split()][: self.LENGTH]
            ids[row, : len(known)] = torch.tensor(known, dtype=torch.long)
        return ids


def caption_only(index):
    return sample(7, index)[0]


# --- the model ------------------------------------------------------------------------------------------------------------------------

class Attention(nn.Module):
    def __init__(self, width, heads, read=None):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(read or width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x, read=None, mask=None):
        read = x if read is None else read
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.kv(read).chunk(2, -1))
        q, k = F.rms_norm(q, q.shape[-1:]), F.rms_norm(k, k.shape[-1:])
        return self.out(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))


def mlp(width, inner):
    return nn.Sequential(nn.Linear(width, inner), nn.GELU(approximate="tanh"), nn.Linear(inner, width))


class TextLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.attention, self.mlp = Attention(width, heads), mlp(width, 4 * width)

    def forward(self, x, mask):
        x = x + self.attention(self.norms[0](x), mask=mask)
        return x + self.mlp(self.norms[1](x))


class ImageLayer(nn.Module):
    def __init__(self, width, heads, text):
        super().__init__()
        self.modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.attention, self.cross, self.mlp = Attention(width, heads), Attention(width, heads, text), mlp(width, 4 * width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x, text, mask, time):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(F.silu(time)).unsqueeze(1).chunk(6, -1)
        x = x + gate1 * self.attention(F.layer_norm(x, x.shape[-1:]) * (1 + scale1) + shift1)
        x = x + self.cross(self.norm(x), text, mask)
        return x + gate2 * self.mlp(F.layer_norm(x, x.shape[-1:]) * (1 + scale2) + shift2)


class DiT(nn.Module):
    def __init__(self, words, width=160, layers=6, heads=4, text_width=128, text_layers=3, patch=8):
        super().__init__()
        self.patch = patch
        self.words = nn.Embedding(words, text_width)
        self.places = nn.Parameter(0.02 * torch.randn(Vocabulary.LENGTH, text_width))
        self.text = nn.ModuleList(TextLayer(text_width, heads) for _ in range(text_layers))
        self.text_norm = nn.LayerNorm(text_width)
        self.enter = nn.Linear(3 * patch * patch, width)
        self.positions = nn.Parameter(0.02 * torch.randn((32 // patch) ** 2, width))
        self.time = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(ImageLayer(width, heads, text_width) for _ in range(layers))
        self.leave = nn.Linear(width, 3 * patch * patch)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def encode(self, ids):
        mask = (ids > 0)
        mask[:, 0] = True  # an empty caption has one token to look at
        mask = mask[:, None, None, :]
        x = self.words(ids) + self.places
        for layer in self.text:
            x = layer(x, mask)
        return self.text_norm(x), mask

    def forward(self, images, sigma, text, mask):
        frequencies = torch.exp(-math.log(10_000) * torch.arange(64) / 64)
        angles = 1000 * sigma[:, None] * frequencies
        time = self.time(torch.cat([angles.cos(), angles.sin()], -1))
        x = self.enter(F.pixel_unshuffle(images, self.patch).flatten(2).transpose(1, 2)) + self.positions
        for layer in self.layers:
            x = layer(x, text, mask, time)
        side = images.shape[-1] // self.patch
        x = self.leave(F.layer_norm(x, x.shape[-1:]))
        return F.pixel_shuffle(x.transpose(1, 2).unflatten(-1, (side, side)), self.patch)


# --- training and sampling ------------------------------------------------------------------------------------------------------------

def velocity(model, z, sigma, text, mask, prediction):
    with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
        out = model(z, sigma, text, mask).float()
    return out if prediction == "velocity" else (z - out) / sigma[:, None, None, None].clamp(min=0.02)


def train(model, ema, args, vocabulary):
    loader = iter(torch.utils.data.DataLoader(Samples(1, vocabulary, args.batch), batch_size=None, num_workers=1, prefetch_factor=8))
    optimizer = torch.optim.AdamW(model.parameters(), args.lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    begin, seconds, step, told = time.monotonic(), 60 * args.minutes, 0, 0.0
    while (passed := time.monotonic() - begin) < seconds:
        rate = min(1, (step + 1) / 40) * (1 - 0.9 * passed / seconds)
        for group in optimizer.param_groups:
            group["lr"] = args.lr * rate
        images, ids = next(loader)
        ids = torch.where(torch.rand(len(ids), 1) < 0.1, 0, ids)
        sigma = torch.sigmoid(0.8 + torch.randn(len(images)))
        noise = torch.randn_like(images)
        level = sigma[:, None, None, None]
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            text, mask = model.encode(ids)
        v = velocity(model, (1 - level) * images + level * noise, sigma, text, mask, args.prediction)
        loss = F.mse_loss(v, noise - images)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        with torch.no_grad():
            torch._foreach_lerp_(list(ema.parameters()), list(model.parameters()), 1 - min(0.99, step / (step + 9)))
        told += loss.item()
        if step % 100 == 0:
            print(f"step {step}  loss {told / 100:.4f}  {step * args.batch / passed:.0f} images/s", flush=True)
            told = 0.0
    return step


@torch.no_grad()
def draw(model, captions, args, vocabulary):
    torch.manual_seed(args.seed)
    z = torch.randn(len(captions), 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
        text, mask = model.encode(torch.cat([vocabulary.ids(captions), torch.zeros(len(captions), Vocabulary.LENGTH, dtype=torch.long)]))
    levels = torch.linspace(1, 0, args.steps + 1)
    for now, after in zip(levels, levels[1:]):
        v = velocity(model, torch.cat([z, z]), now.expand(2 * len(z)), text, mask, args.prediction)
        with_text, without = v.chunk(2)
        z = z + (after - now) * (without + args.guidance * (with_text - without))
    return ((z.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare the drawing with docs/blocks.md")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--prediction", choices=["velocity", "clean"], default="velocity")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--guidance", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--f32", action="store_true", help="no bf16 autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--prompts", help="JSON lines with a 'prompt' each")
    parser.add_argument("--out", default="blocks-dit")
    args = parser.parse_args()
    check()
    if args.check:
        return
    global BF16
    BF16 = not args.f32
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    vocabulary = Vocabulary()
    model = DiT(len(vocabulary.index) + 1)
    ema = copy.deepcopy(model).requires_grad_(False)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters", flush=True)
    if args.compile:
        model.compile()
    steps = train(model, ema, args, vocabulary)
    print(f"{steps} steps of {args.batch} in {args.minutes} minutes")
    if not args.prompts:
        return
    from PIL import Image
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    captions = [json.loads(line)["prompt"] for line in open(args.prompts)]
    with open(out / "prompts.jsonl", "w") as names:
        for at in range(0, len(captions), 48):
            for i, pixels in enumerate(draw(ema, captions[at:at + 48], args, vocabulary)):
                file = f"{at + i:04d}.png"
                Image.fromarray(pixels).save(out / file)
                names.write(json.dumps({"file": file, "prompt": captions[at + i]}) + "\n")


BF16 = True

if __name__ == "__main__":
    main()
