"""WebDataset shards to measure feeding with: 512-pixel JPEGs whose spectrum is a photograph's (1/f), 4:2:0, about 70 KB each.

    python feed_shards.py DIR [--shards 8] [--samples 256] [--side 512]
"""

import argparse
import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY = 90
DEVIATION = np.array([52, 18, 18])  # of light, and of the two colours


def image(rng, side):
    """Random phases under amplitudes that fall with frequency, which is what photographs have in common; edges by a few flat shapes."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = 1
    shape = (side, side // 2 + 1)
    planes = []
    for deviation in DEVIATION:
        spectrum = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        plane = np.fft.irfft2(spectrum / frequency ** 1.55, s=(side, side))
        planes.append(128 + deviation * (plane - plane.mean()) / plane.std())
    pixels = np.clip(np.stack(planes, -1), 0, 255)
    for _ in range(6):
        top, left = rng.integers(0, side, 2)
        height, width = rng.integers(side // 16, side // 3, 2)
        pixels[top:top + height, left:left + width] = 0.6 * pixels[top:top + height, left:left + width] + 0.4 * rng.uniform(0, 255, 3)
    return Image.fromarray(pixels.astype(np.uint8), "YCbCr").convert("RGB")


def jpeg(rng, side):
    out = io.BytesIO()
    image(rng, side).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--samples", type=int, default=256, help="of each shard")
    parser.add_argument("--side", type=int, default=512)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for shard in range(arguments.shards):
        with tarfile.open(arguments.folder / f"{shard:05d}.tar", "w") as tar:
            for sample in range(arguments.samples):
                key = f"{shard:05d}{sample:04d}"
                for name, data in ((f"{key}.jpg", jpeg(rng, arguments.side)), (f"{key}.txt", f"picture number {key}".encode())):
                    member = tarfile.TarInfo(name)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    main()
