"""Perceptual hashes of image files: python phash_goldens.py FOLDER (ImageHash 4.3.2, Pillow 13, SciPy 1.17)

For each file in FOLDER/files that Pillow decodes, a line `NAME HASH` in FOLDER/phash.txt: imagehash.phash of it, as published metadata have it. A plain
picture of one colour is left out: all coefficients but one are rounding there.
"""
import sys
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, UnidentifiedImageError

folder = Path(sys.argv[1])
lines = []
for file in sorted((folder / "files").iterdir()):
    try:
        with Image.open(file) as image:
            image.load()
            if np.asarray(image.convert("L")).std() > 1:
                lines.append(f"{file.name} {imagehash.phash(image)}\n")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as e:
        print(file.name, e, file=sys.stderr)
(folder / "phash.txt").write_text("".join(lines))
