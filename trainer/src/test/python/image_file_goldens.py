"""Image files and what people see in them: python image_file_goldens.py FOLDER (Pillow 13, torch 2.10 for its safetensors)

Small files of the kinds that Java does not write, in FOLDER/files, and in FOLDER/expected.safetensors their pixels: `NAME/strict`, turned as EXIF says,
transparency over white, 16 bits cut to their high byte; `NAME/reference`, as convert("RGB") has them, where Pillow decodes the file so. What Pillow
cannot write is written byte by byte; its pixels then come from the samples that went in, and Pillow has to agree wherever it reads such files.
`resize/…`: Pillow's bicubic, bilinear and Lanczos resizing of one picture to some sizes.
"""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import save_file

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SIZES = [(1, 1), (7, 5), (10, 29), (31, 17), (31, 9), (40, 17), (97, 61), (13, 64)]


def picture(width, height, seed, channels=3):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / (3 + c) + y / (5 - c) + c) + rng.normal(0, 2, (height, width)) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def image(width, height, seed, mode="RGB"):
    channels = len(mode) if mode != "CMYK" else 4
    samples = picture(width, height, seed, channels)
    if mode.endswith("A"):
        samples[:4, :4, -1], samples[-3:, :, -1] = 0, 255
    return Image.fromarray(samples[..., 0] if mode == "L" else samples, mode)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def over_white(image):
    if image.mode in ("I;16", "I;16B"):
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def over_white_u8(samples, alpha):
    return np.array(over_white(Image.fromarray(np.concatenate([samples, alpha], -1).astype(np.uint8), "RGBA")))


# ---- PNG, byte by byte

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, depth):
    """(height, width, channels) samples as PNG's scan lines without filter"""
    out = b""
    for row in rows:
        if depth == 16:
            out += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.reshape(-1, 1).astype(np.uint8), axis=1)[:, 8 - depth:].reshape(-1)
            out += b"\0" + np.packbits(bits).tobytes()
    return out


def png(samples, depth, kind, interlaced=False, between=b""):
    height, width = samples.shape[:2]
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    lines = b"".join(packed(each, depth) for each in passes if each.size)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))) + between
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def pngs():
    rng = np.random.default_rng(3)
    palette = rng.integers(0, 256, (16, 3))
    plte = chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    for depth in (1, 2, 4, 8, 16):
        grey = rng.integers(0, 1 << depth, (9, 13, 1))
        eight = grey >> 8 if depth == 16 else grey * 255 // ((1 << depth) - 1)
        for interlaced in (False, True):
            yield f"grey{depth}{'_interlaced' * interlaced}.png", png(grey, depth, 0, interlaced), np.repeat(eight, 3, -1)
        key = int(grey[2, 3, 0])
        yield (f"grey{depth}_key.png", png(grey, depth, 0, False, chunk(b"tRNS", struct.pack(">H", key))),
               over_white_u8(np.repeat(eight, 3, -1), np.where(grey == key, 0, 255)))
    for depth in (1, 2, 4):
        index = rng.integers(0, 1 << depth, (9, 13, 1))
        yield f"palette{depth}.png", png(index, depth, 3, depth == 2, plte), palette[index[..., 0]]
        alphas = rng.integers(0, 256, 1 << depth)[:(1 << depth) - 1]
        padded = np.append(alphas, 255)
        yield (f"palette{depth}_transparent.png", png(index, depth, 3, False, plte + chunk(b"tRNS", alphas.astype(np.uint8).tobytes())),
               over_white_u8(palette[index[..., 0]], padded[index]))
    for depth in (8, 16):
        for name, kind, channels in (("grey_alpha", 4, 2), ("rgb", 2, 3), ("rgba", 6, 4)):
            samples = rng.integers(0, 1 << depth, (9, 13, channels))
            high = samples >> depth - 8
            colours = np.repeat(high[..., :1], 3, -1) if channels == 2 else high[..., :3]
            expected = over_white_u8(colours, high[..., -1:]) if kind > 3 else colours
            yield f"{name}{depth}.png", png(samples, depth, kind, depth == 16), expected
            if kind == 2:
                key = samples[4, 5]
                yield (f"rgb{depth}_key.png", png(samples, depth, 2, False, chunk(b"tRNS", struct.pack(">HHH", *map(int, key)))),
                       over_white_u8(colours, np.where((samples == key).all(-1, keepdims=True), 0, 255)))


# ---- what is changed in files that Pillow wrote

def without(jpeg, marker):
    """a JPEG without its segments of one kind"""
    at, out = 2, jpeg[:2]
    while jpeg[at + 1] != 0xda:
        end = at + 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        out += b"" if jpeg[at + 1] == marker else jpeg[at:end]
        at = end
    return out + jpeg[at:]


def ycck(jpeg):
    data = bytearray(jpeg)
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def three(number):
    return struct.pack("<I", number)[:3]


def webp_frames(width, height, frames):
    """an animation of stills, each at a place"""
    body = riff(b"VP8X", struct.pack("<I", 0x12) + three(width - 1) + three(height - 1)) + riff(b"ANIM", struct.pack("<IH", 0, 0))
    for left, top, still in frames:
        w, h = still.size
        data = saved(still, "WEBP", lossless=True, exact=True)[12:]
        if data[:4] == b"VP8X":
            data = data[18:]
        body += riff(b"ANMF", three(left // 2) + three(top // 2) + three(w - 1) + three(h - 1) + three(100) + b"\0" + data)
    return riff(b"RIFF", b"WEBP" + body)


def gif_on_canvas(gif, width, height, left, top):
    data = bytearray(gif)
    struct.pack_into("<HH", data, 6, width, height)
    table = 3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0
    at = 13 + table
    while data[at] == 0x21:
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    assert data[at] == 0x2c
    struct.pack_into("<HH", data, at + 1, left, top)
    return bytes(data)


def bmp(header, rows, width, height, bits, compression=0, masks=b""):
    offset = 14 + len(header) + 40 + len(masks)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + masks + header + rows


def bmps():
    pixels = picture(11, 7, 31)
    lines = b"".join(row[:, ::-1].tobytes() + b"\0" * (-33 % 4) for row in pixels)
    yield "top_down.bmp", bmp(b"", lines, 11, -7, 24), pixels
    high = (pixels[..., 0] >> 3).astype("<u2") << 11 | (pixels[..., 1] >> 2).astype("<u2") << 5 | pixels[..., 2] >> 3
    lines = b"".join(row.astype("<u2").tobytes() + b"\0" * (-22 % 4) for row in high[::-1])
    yield "rgb565.bmp", bmp(b"", lines, 11, 7, 16, 3, struct.pack("<III", 0xf800, 0x7e0, 0x1f)), None


# ---- files

def files():
    """name, bytes, and the pixels where Pillow is not to be asked"""
    cmyk, rgb = image(19, 15, 5, "CMYK"), image(21, 17, 1)
    small = image(13, 9, 2)
    yield "420.jpg", saved(rgb, "JPEG", quality=90, subsampling=2), None
    yield "progressive.jpg", saved(rgb, "JPEG", quality=90, progressive=True), None
    yield "restarts.jpg", saved(rgb, "JPEG", quality=90, restart_marker_blocks=1), None
    yield "grey.jpg", saved(image(21, 17, 4, "L"), "JPEG"), None
    yield "cmyk.jpg", saved(cmyk, "JPEG", quality=90), None
    yield "cmyk_progressive.jpg", saved(cmyk, "JPEG", quality=90, progressive=True), None
    yield "cmyk_without_adobe.jpg", without(saved(cmyk, "JPEG", quality=90), 0xee), None
    yield "ycck.jpg", ycck(saved(cmyk, "JPEG", quality=90)), None
    yield "rgb_adobe.jpg", saved(rgb, "JPEG", quality=90, keep_rgb=True), None
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"exif{orientation}.jpg", saved(small, "JPEG", quality=90, subsampling=0, exif=exif), None
    exif = Image.Exif()
    exif.endian = ">"
    exif[0x0112] = 6
    big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    yield "exif_alone_444.jpg", without(saved(small, "JPEG", quality=90, subsampling=0, exif=big), 0xe0), None
    yield "exif6.png", saved(small, "PNG", exif=exif), None
    yield "exif8.webp", saved(small, "WEBP", lossless=True, exif=big.replace(b"\0\x06", b"\0\x08")), None
    yield "turned5.tif", saved(small, "TIFF", tiffinfo={274: 5}), None
    yield from pngs()

    rgba = image(17, 13, 6, "RGBA")
    yield "lossy.webp", saved(image(40, 33, 7), "WEBP", quality=85), None
    yield "lossy_alpha.webp", saved(rgba, "WEBP", quality=85), None
    yield "lossless.webp", saved(image(18, 11, 8), "WEBP", lossless=True), None
    yield "lossless_alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True), None
    yield "lossless_palette.webp", saved(small.quantize(5).convert("RGB"), "WEBP", lossless=True), None
    yield "animated.webp", saved(small, "WEBP", lossless=True, save_all=True, append_images=[image(13, 9, 9)], duration=100), None
    yield "frame_on_canvas.webp", webp_frames(16, 14, [(4, 2, image(10, 9, 10, "RGBA")), (0, 0, small)]), None

    palette = small.quantize(9)
    yield "plain.gif", saved(palette, "GIF", interlace=0), None
    yield "interlaced.gif", saved(image(21, 19, 11).quantize(200), "GIF", interlace=1), None
    transparent = saved(palette, "GIF", transparency=3)
    yield "transparent.gif", transparent, None
    yield "animated.gif", saved(palette, "GIF", save_all=True, append_images=[image(13, 9, 12).quantize(9)], duration=100), None
    for name, gif in (("frame_on_canvas.gif", saved(palette, "GIF")), ("transparent_on_canvas.gif", transparent)):
        canvas = np.full((14, 20, 3), 255, np.uint8)
        canvas[3:12, 5:18] = np.array(over_white(Image.open(io.BytesIO(gif))))
        yield name, gif_on_canvas(gif, 20, 14, 5, 3), canvas
    wide = gif_on_canvas(saved(palette, "GIF"), 8, 6, 0, 0)
    yield "frame_beyond_canvas.gif", wide, np.array(palette.convert("RGB"))

    yield "rgb.bmp", saved(small, "BMP"), None
    yield "palette.bmp", saved(palette, "BMP"), None
    yield "one_bit.bmp", saved(small.convert("1"), "BMP"), None
    yield "rgba.bmp", saved(rgba, "BMP"), None
    yield from bmps()

    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"rgb_{compression.replace('tiff_', '')}.tif", saved(small, "TIFF", compression=compression), None
    yield "rgba.tif", saved(rgba, "TIFF", compression="tiff_lzw"), None
    yield "grey.tif", saved(image(13, 9, 13, "L"), "TIFF"), None
    yield "grey16.tif", saved(Image.fromarray(picture(13, 9, 14, 1)[..., 0].astype(np.uint16) * 250), "TIFF"), None
    yield "palette.tif", saved(palette, "TIFF"), None
    yield "fax.tif", saved(small.convert("1"), "TIFF", compression="group4"), None
    yield "cmyk.tif", saved(cmyk, "TIFF"), None
    yield "pages.tif", saved(small, "TIFF", save_all=True, append_images=[rgba]), None


def main(folder):
    (folder / "files").mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, data, pixels in files():
        (folder / "files" / name).write_bytes(data)
        opened = Image.open(io.BytesIO(data))
        seen = np.array(over_white(ImageOps.exif_transpose(opened)))
        if pixels is not None and not np.array_equal(seen, pixels):
            print(f"{name}: Pillow sees it otherwise ({opened.mode})")
        tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array).astype(np.uint8))
        expected[name + "/strict"] = tensor(seen if pixels is None else pixels)
        expected[name + "/reference"] = tensor(np.array(Image.open(io.BytesIO(data)).convert("RGB")))
    source = image(31, 17, 20)
    expected["resize/source"] = torch.from_numpy(np.array(source))
    for width, height in SIZES:
        for name, how in (("bicubic", Image.BICUBIC), ("bilinear", Image.BILINEAR), ("lanczos", Image.LANCZOS)):
            expected[f"resize/{name}_{width}x{height}"] = torch.from_numpy(np.array(source.resize((width, height), how)))
    checks = image(23, 19, 21).point(lambda value: 255 * (value > 127))
    expected["checks/source"] = torch.from_numpy(np.array(checks))
    for width, height in ((5, 4), (50, 47), (23, 7)):
        expected[f"checks/bicubic_{width}x{height}"] = torch.from_numpy(np.array(checks.resize((width, height), Image.BICUBIC)))
    save_file(expected, folder / "expected.safetensors")


main(Path(sys.argv[1]))
