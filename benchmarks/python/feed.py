"""How fast webdataset, Pillow and PyTorch's DataLoader feed 256-pixel images from shards: what Python users do today.

    python feed.py 'SHARDS/{00000..00007}.tar' [--images 4000] [--warm-up 1000] [--workers 2] [--batch 64] [--size 256] [--floats] [--json]

Centre crops, uint8 on both sides; `--floats` adds torchvision's ToTensor and Normalize, as training scripts have them.
"""
import argparse
import itertools
import json
import os
import time

import psutil
import torch
import webdataset
from torchvision import transforms


def pixels(image):
    return transforms.functional.pil_to_tensor(image)


def cpu_seconds():
    """Of this process and its workers, which live to the end."""
    me = psutil.Process()
    times = [each.cpu_times() for each in [me, *me.children(recursive=True)]]
    return sum(each.user + each.system for each in times)


def resident_mib():
    me = psutil.Process()
    return sum(each.memory_info().rss for each in [me, *me.children(recursive=True)]) >> 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards")
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--warm-up", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--floats", action="store_true")
    a = parser.parse_args()
    torch.set_num_threads(1)
    last = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)] if a.floats else [pixels]
    transform = transforms.Compose([transforms.Resize(a.size), transforms.CenterCrop(a.size), *last])
    start = time.perf_counter()
    dataset = (webdataset.WebDataset(a.shards, resampled=True, shardshuffle=False, handler=webdataset.warn_and_continue)
               .shuffle(1000, initial=100).decode("pil").to_tuple("jpg", "txt").map_tuple(transform, lambda text: text)
               .batched(a.batch, partial=False))
    loader = iter(torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=a.workers, prefetch_factor=2))
    next(loader)
    first = time.perf_counter() - start
    for _ in itertools.islice(loader, a.warm_up // a.batch):
        pass
    began, cpu, images = time.perf_counter(), cpu_seconds(), 0
    while images < a.images:
        images += len(next(loader)[0])
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    print(json.dumps({"images": images, "seconds": round(seconds, 3), "images_per_second": round(images / seconds, 3),
                      "cpu_ms_per_image": round(1000 * cpu / images, 3), "first_batch_seconds": round(first, 3),
                      "peak_mib": resident_mib()}))
    os._exit(0)  # the workers never end by themselves


if __name__ == "__main__":
    main()
