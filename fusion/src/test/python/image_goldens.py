"""Golden pictures: python image_goldens.py FOLDER, a case for each kind of file (torch 2.10, Pillow 13, the resizing and cropping of torchvision 0.25 written out)

Kinds of files that the published set lacks. Decoding is Pillow's, convert("RGB"); after that bilinear resizing of the short side, centre crop, [-1, 1].
"""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFile
from safetensors.torch import save_file

ImageFile.LOAD_TRUNCATED_IMAGES = True
RESOLUTIONS = [8, 24, 45]


def picture(width, height, seed, channels=3):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / (3 + c) + y / (5 - c) + c) + rng.normal(0, 6, (height, width)) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def files():
    rgb = lambda w, h, s: Image.fromarray(picture(w, h, s))
    grey = Image.fromarray(picture(31, 27, 4, 1)[..., 0])
    cmyk = Image.fromarray(picture(40, 33, 5, 4), "CMYK")
    rgba = Image.fromarray(picture(26, 31, 6, 4), "RGBA")
    palette = rgb(37, 29, 7).quantize(16)
    yield "cmyk.jpg", cmyk, dict(quality=95)
    yield "cmyk_422.jpeg", cmyk, dict(quality=90, subsampling=1)
    yield "progressive.jpg", rgb(61, 43, 1), dict(quality=85, progressive=True)
    yield "444.jpeg", rgb(33, 65, 2), dict(quality=92, subsampling=0)
    yield "420.JPG", rgb(50, 34, 3), dict(quality=60, subsampling=2)
    yield "422.jpg", rgb(49, 35, 3), dict(quality=80, subsampling=1)
    yield "grey_progressive.jpg", grey, dict(progressive=True)
    yield "one_bit.png", grey.convert("1"), {}
    yield "palette_4_bit.png", palette, dict(bits=4)
    yield "palette_transparent.gif", palette, dict(transparency=3)
    yield "rgb.gif", rgb(30, 41, 8).quantize(200), dict(interlace=1)
    yield "grey.gif", grey, {}
    yield "rgb.bmp", rgb(27, 39, 9), {}
    yield "palette.bmp", palette, {}
    yield "one_bit.bmp", grey.convert("1"), {}
    yield "rgb.tif", rgb(29, 33, 10), dict(compression="tiff_lzw")
    yield "grey.tiff", grey, {}
    yield "rgba.png", rgba, {}
    yield "la.png", rgba.convert("LA"), {}
    yield "grey_transparent.png", grey, dict(transparency=5)
    yield "rgb_transparent.png", rgb(23, 24, 11), dict(transparency=(1, 2, 3))
    yield "tiny_1x1.png", rgb(1, 1, 12), {}
    yield "tiny_2x1.png", rgb(2, 1, 13), {}
    yield "long_200x3.png", rgb(200, 3, 14), {}
    yield "thin_2x90.png", rgb(2, 90, 15), {}
    yield "large_300x220.png", rgb(300, 220, 16), {}
    yield "exact_24x24.png", rgb(24, 24, 17), {}
    yield "lossless.webp", rgb(35, 28, 18), dict(lossless=True)
    yield "lossless_alpha.webp", rgba, dict(lossless=True, exact=True)
    yield "lossy.webp", rgb(36, 27, 19), dict(quality=85)


def ycck(path):
    """Photoshop's form of CMYK: the same file, its Adobe marker saying that luma and chroma are stored."""
    Image.fromarray(picture(40, 33, 5, 4), "CMYK").save(path, quality=95)
    data = bytearray(path.read_bytes())
    data[data.index(b"Adobe") + 11] = 2
    path.write_bytes(data)


def interlaced(path):
    """Pillow writes no interlaced PNG: Adam7 by hand, 8-bit RGB."""
    import struct
    import zlib
    pixels = picture(21, 19, 20)
    raw = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for row in pixels[y0::dy, x0::dx]:
            raw += b"\0" + row.tobytes()
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 21, 19, 8, 2, 0, 0, 1)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def sixteen_bit(path):
    """16-bit RGB, which Pillow does not write either."""
    import struct
    import zlib
    pixels = (picture(17, 15, 21).astype(">u2") * 257) ^ 0x55
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 17, 15, 16, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def main(folder):
    everything = [(name, lambda path, image=image, options=options: image.save(path, **options)) for name, image, options in files()]
    everything += [("interlaced.png", interlaced), ("rgb16.png", sixteen_bit), ("ycck_cmyk.jpg", ycck)]
    kinds = sorted({kind(name) for name, _ in everything})
    for each in kinds:
        case(Path(folder) / each, [(name, write) for name, write in everything if kind(name) == each])


def kind(name):
    return {"jpeg": "jpg", "tiff": "tif"}.get(end := name.rsplit(".", 1)[1].lower(), end) + ("-cmyk" if "cmyk" in name else "")


def case(folder, everything):
    (folder / "files").mkdir(parents=True, exist_ok=True)
    names = []
    for name, write in everything:
        write(folder / "files" / name)
        names.append(name)
    expected, facts = {}, {}
    sides = [8] if "cmyk" in folder.name else RESOLUTIONS
    for name in names:
        data = (folder / "files" / name).read_bytes()
        image = Image.open(folder / "files" / name)
        facts[name] = {"pil_mode": image.mode, "size_wh": list(image.size), "sha256": hashlib.sha256(data).hexdigest()}
        image.load()
        image = image.convert("RGB")
        expected[name + "/decoded_u8"] = torch.from_numpy(np.array(image))
        for side in sides:
            square(expected, f"{name}/{side}.", image, side)
    (folder / "config.json").write_text(json.dumps({"resolutions": sides, "files": facts}))
    save_file(expected, folder / "expected.safetensors")


def square(expected, prefix, image, side):
    width, height = image.size
    short, long = min(width, height), max(width, height)
    other = int(side * long / short)
    resized = image.resize((side, other) if width <= height else (other, side), Image.BILINEAR)
    expected[prefix + "resized_u8"] = torch.from_numpy(np.array(resized))
    w, h = resized.size
    torch.manual_seed(7)
    corner = [0, 0] if (w, h) == (side, side) else [torch.randint(0, h - side + 1, (1,)).item(), torch.randint(0, w - side + 1, (1,)).item()]
    expected[prefix + "random_crop_seed7_top_left"] = torch.tensor(corner)
    left, top = int(round((w - side) / 2.0)), int(round((h - side) / 2.0))
    crop = torch.from_numpy(np.array(resized.crop((left, top, left + side, top + side)))).permute(2, 0, 1).float().div(255)
    expected[prefix + "pixel_values"] = ((crop - 0.5) / 0.5).contiguous()


main(sys.argv[1])
