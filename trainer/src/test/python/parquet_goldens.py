"""Writes goldens/parquet: captioned images as Hugging Face's `datasets` writes them, in three forms.

    pip install datasets==5.2.0 pyarrow==21.0.0 pillow
    python parquet_goldens.py OUT

- hub.parquet: Dataset.to_parquet with an Image feature, a text, a list of texts and a number; row groups of 4 rows.
- img2dataset.parquet: bytes in a plain column `jpg` beside url, key, caption and sha256, as img2dataset's Parquet form; gzip, one row group.
- odd.parquet: rows without an image, without bytes, without a caption, with bytes that are no image; zstd with a page index.
"""

import hashlib
import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetInfo, Features, Image, List, Value
from PIL import Image as Pil


def png(number: int) -> bytes:
    image = Pil.new("RGB", (24, 16))
    image.putdata([((x * (number + 3)) % 256, (y * 16 + number * 20) % 256, (x * y + number * 53) % 256) for y in range(16) for x in range(24)])
    out = io.BytesIO()
    image.save(out, "png")
    return out.getvalue()


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    images = [png(i) for i in range(10)]
    features = Features({"image": Image(), "text": Value("string"), "captions": List(Value("string")), "id": Value("int64")})
    rows = {"image": [{"bytes": image, "path": f"{i:03}.png"} for i, image in enumerate(images)], "text": [f"picture {i}" for i in range(10)],
            "captions": [[f"first {i}", f"second {i}"][: 1 + i % 2] for i in range(10)], "id": [100 + i for i in range(10)]}
    table = pa.table({name: pa.array(rows[name], features.arrow_schema.field(name).type) for name in features}, schema=features.arrow_schema)
    Dataset(table, info=DatasetInfo(features=features), fingerprint="goldens").to_parquet(str(out / "hub.parquet"), batch_size=4)
    pq.write_table(pa.table({"jpg": pa.array(images, pa.binary()), "key": [f"{i:09}" for i in range(10)],
                             "url": [f"https://example.org/{i}" for i in range(10)], "caption": [f"alt text {i}" for i in range(10)],
                             "sha256": [hashlib.sha256(image).hexdigest() for image in images]}), out / "img2dataset.parquet", compression="gzip")
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    odd = pa.array([{"bytes": images[0], "path": None}, None, {"bytes": None, "path": "elsewhere.png"}, {"bytes": b"no image", "path": "x.png"},
                    {"bytes": images[4], "path": "4.png"}, {"bytes": images[5], "path": "5.png"}], struct)
    pq.write_table(pa.table({"image": odd, "text": ["good", "none", "no bytes", "no image", None, "  "]}), out / "odd.parquet",
                   compression="zstd", row_group_size=3, write_page_index=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
