"""Which sample of which shard comes when, as the paper's reference reads WebDataset shards, what it draws for each, by the libraries it uses.

    python reference_order.py FILE       (webdataset 0.2.86, torch 2.10, torchvision 0.25, Pillow)

Five shards of 3, 40, 2, 25 and 60 samples are made; two loaders read them: three workers with batches of 4, and one with batches of 7. Of
each loader FILE has the first 240 samples, and the SHA-256 of 4,200, a line each: `KEY o|s k|d TOP LEFT` (the original or the synthetic caption;
kept or dropped; the corner of a random crop of 16 pixels, or `-` for the middle)."""

import hashlib
import io
import json
import random
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy
import torch
import webdataset
from PIL import Image
from torchvision import transforms

SIZES = [3, 40, 2, 25, 60]
SIDES = [(16, 16), (20, 16), (16, 31), (40, 25)]


def has_original(number):
    return number % 3 != 1


def size(number):
    return SIDES[number % len(SIDES)]


def write(folder):
    number = 0
    for shard, count in enumerate(SIZES):
        with tarfile.open(folder / f"{shard}.tar", "w") as tar:
            for _ in range(count):
                image = io.BytesIO()
                Image.new("RGB", size(number)).save(image, "png")
                fields = {"png": image.getvalue(), "synthetic.txt": b"s"}
                if has_original(number):
                    fields["original.txt"] = b"o"
                for field, data in fields.items():
                    member = tarfile.TarInfo(f"{number:03d}.{field}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
                number += 1


class Turn:
    """One sample's draws, in the reference's order: the caption, the crop, the dropping."""

    def __init__(self, original_rate, dropping_rate, crop):
        self.original_rate, self.dropping_rate, self.crop = original_rate, dropping_rate, crop

    def __call__(self, sample):
        caption = sample["synthetic.txt"]
        if self.original_rate > 0 and "original.txt" in sample and random.random() < self.original_rate:
            caption = sample["original.txt"]
        corner = "-"
        if self.crop:
            resized = transforms.Resize(16)(sample["png"])
            top, left, _, _ = transforms.RandomCrop.get_params(resized, (16, 16))
            corner = f"{top} {left}"
        dropped = "d" if random.random() < self.dropping_rate else "k"
        return f"{sample['__key__']} {caption} {dropped} {corner}"


def seed_worker(_):
    seed = torch.initial_seed() % 2**32
    random.seed(seed)
    numpy.random.seed(seed)


def lines(folder, seed, workers, batch, count, **draws):
    shards = webdataset.ResampledShards(str(folder / ("{0..%d}.tar" % (len(SIZES) - 1))), deterministic=True)
    data = webdataset.WebDataset(shards).shuffle(1000, rng=random.Random(seed)).decode("pil").map(Turn(**draws))
    loader = torch.utils.data.DataLoader(data, batch_size=batch, collate_fn=list, num_workers=workers,
                                         generator=torch.manual_seed(seed), worker_init_fn=seed_worker, prefetch_factor=8)
    result = []
    for part in loader:
        result += part
        if len(result) >= count:
            return result[:count]


def main():
    cases = [dict(seed=42, workers=3, batch=4, original_rate=0.3, dropping_rate=0.1, crop=True),
             dict(seed=7, workers=1, batch=7, original_rate=0.0, dropping_rate=0.25, crop=False)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder)
        for case in cases:
            read = lines(folder, count=4200, **case)
            case["first"] = read[:240]
            case["sha256_of_4200"] = hashlib.sha256("".join(line + "\n" for line in read).encode()).hexdigest()
    Path(sys.argv[1]).write_text(json.dumps(dict(sizes=SIZES, cases=cases), indent=0) + "\n")


main()
