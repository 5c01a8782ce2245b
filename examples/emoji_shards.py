#!/usr/bin/env python3
"""Turns the npm package emoji-datasource-twitter (or -google, -apple, -facebook) into WebDataset tar files to train on.

    npm pack emoji-datasource-twitter && tar xzf emoji-datasource-twitter-*.tgz
    python3 examples/emoji_shards.py package emoji

Each of its images of 64 x 64 pixels becomes a sample: NAME.png, the name as NAME.txt ("grinning face"), and name, keywords and group as
NAME.long.txt. Skin tones are samples of their own. Nothing is fetched; the standard library alone is needed.
"""
import argparse
import hashlib
import io
import json
import pathlib
import tarfile

TONES = {
    "1F3FB": "light skin tone",
    "1F3FC": "medium-light skin tone",
    "1F3FD": "medium skin tone",
    "1F3FE": "medium-dark skin tone",
    "1F3FF": "dark skin tone",
}


def samples(package, set_name):
    """(key, image's file, short caption, long caption) of each emoji that has an image."""
    for emoji in json.loads((package / "emoji.json").read_text(encoding="utf-8")):
        name = (emoji["name"] or emoji["short_name"].replace("_", " ")).lower()
        keywords = [word.replace("_", " ").replace("-", " ") for word in emoji["short_names"]]
        group = emoji["subcategory"].replace("-", " ")
        variants = [(emoji, name)]
        for tone, variant in emoji.get("skin_variations", {}).items():
            tones = " and ".join(TONES[part] for part in tone.split("-") if part in TONES)
            variants.append((variant, f"{name}, {tones}"))
        for variant, caption in variants:
            if variant.get(f"has_img_{set_name}"):
                others = [word for word in dict.fromkeys(keywords) if word not in caption]
                long = ", ".join([caption] + others + [group])
                image = package / "img" / set_name / "64" / variant["image"]
                if image.is_file():
                    yield variant["image"].removesuffix(".png"), image, caption, long


def add(tar, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=pathlib.Path, help="the unpacked npm package")
    parser.add_argument("out", type=pathlib.Path, help="folder for the tar files")
    parser.add_argument("--per-shard", type=int, default=1000)
    arguments = parser.parse_args()
    sets = [folder.name for folder in sorted((arguments.package / "img").iterdir()) if (folder / "64").is_dir()]
    if len(sets) != 1:
        parser.error(f"{arguments.package}/img must have one folder of images, but has {sets}")
    found = list(samples(arguments.package, sets[0]))
    # neighbours are of one group in the package: spread them, always in the same way
    found.sort(key=lambda sample: hashlib.sha256(sample[0].encode()).digest())
    arguments.out.mkdir(parents=True, exist_ok=True)
    for shard in range(0, len(found), arguments.per_shard):
        with tarfile.open(arguments.out / f"{shard // arguments.per_shard:05d}.tar", "w") as tar:
            for key, image, short, long in found[shard : shard + arguments.per_shard]:
                add(tar, key + ".png", image.read_bytes())
                add(tar, key + ".txt", short.encode())
                add(tar, key + ".long.txt", long.encode())
    print(f"{len(found)} samples in {arguments.out}")


if __name__ == "__main__":
    main()
