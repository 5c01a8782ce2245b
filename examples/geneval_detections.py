"""Detections for GenEval's rules, by transformers' Mask2Former: python geneval_detections.py IMAGES --out detections.jsonl

IMAGES is a folder in GenEval's layout (00000/metadata.jsonl, 00000/samples/0000.png), such as OUT/geneval of `fusedit eval --out OUT`.
A line of JSON is written for each image, flushed at once; images that have one are passed over, so a stopped run goes on. Then:

    ./fusedit eval --model DIR --suite geneval --geneval-prompts FILE --out OUT --detections detections.jsonl

Needs torch, transformers, Pillow, and on disk or in the hub's cache: facebook/mask2former-swin-small-coco-instance and, for prompts that
name a colour, openai/clip-vit-large-patch14. The official scorer runs the same detector in mmdet and the same CLIP in open_clip; boxes
differ in their last digits.

Colours as there: ten of them, three templates each, the object cut out by its box, what its mask does not cover painted #999; of a class
only as many as the prompt asks for are looked at, the most confident first.
"""
import argparse
import json
from pathlib import Path

import torch
from PIL import Image, ImageOps
from transformers import AutoImageProcessor, CLIPModel, CLIPProcessor, Mask2FormerForUniversalSegmentation

COLORS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]
TEMPLATES = ["a photo of a {c} {n}", "a photo of a {c}-colored {n}", "a photo of a {c} object"]
# transformers' names of COCO's classes where GenEval has another
NAMES = {"motorbike": "motorcycle", "aeroplane": "airplane", "sofa": "couch", "pottedplant": "potted plant", "diningtable": "dining table",
         "tvmonitor": "tv", "mouse": "computer mouse", "remote": "tv remote", "keyboard": "computer keyboard"}
LEAST, LEAST_COUNTING, MOST, QUERIES = 0.3, 0.9, 16, 100


class Detector:
    def __init__(self, name, device):
        self.processor = AutoImageProcessor.from_pretrained(name, size={"shortest_edge": 800, "longest_edge": 1333})
        self.model = Mask2FormerForUniversalSegmentation.from_pretrained(name).to(device).eval()
        self.device = device

    @torch.no_grad()
    def objects(self, image):
        """Mask2Former's instances as mmdet scores them: the best pairs of query and class, each times its mask's mean certainty."""
        inputs = self.processor(images=image, return_tensors="pt").to(self.device)
        out = self.model(**inputs)
        scores = out.class_queries_logits[0].softmax(-1)[:, :-1]
        best, place = scores.flatten().topk(min(QUERIES, scores.numel()))
        logits = out.masks_queries_logits[0][place // scores.shape[1]]
        high, wide = inputs["pixel_values"].shape[-2:]
        logits = torch.nn.functional.interpolate(logits[None], (high, wide), mode="bilinear", align_corners=False)
        logits = torch.nn.functional.interpolate(logits, image.size[::-1], mode="bilinear", align_corners=False)[0]
        masks = logits > 0
        certainty = (logits.sigmoid() * masks).flatten(1).sum(1) / (masks.flatten(1).sum(1) + 1e-6)
        for score, label, mask in zip((best * certainty).tolist(), (place % scores.shape[1]).tolist(), masks):
            if score > LEAST and mask.any():
                y, x = torch.where(mask)
                name = self.model.config.id2label[label]
                yield {"class": NAMES.get(name, name), "score": score,
                       "box": [x.min().item(), y.min().item(), x.max().item() + 1, y.max().item() + 1]}, mask.cpu()


class Colors:
    def __init__(self, name, device):
        self.model, self.processor, self.device = CLIPModel.from_pretrained(name).to(device).eval(), CLIPProcessor.from_pretrained(name), device
        self.vectors = {}

    @torch.no_grad()
    def of(self, image, mask, box, name):
        cut = Image.composite(image, Image.new("RGB", image.size, "#999"), Image.fromarray(mask.numpy())).crop(box)
        seen = self.model.get_image_features(**self.processor(images=cut, return_tensors="pt").to(self.device))
        return COLORS[(self.texts(name) @ torch.nn.functional.normalize(seen, dim=-1)[0]).argmax().item()]

    def texts(self, name):
        if name not in self.vectors:
            rows = []
            for color in COLORS:
                texts = self.processor(text=[t.format(c=color, n=name) for t in TEMPLATES], return_tensors="pt", padding=True)
                features = torch.nn.functional.normalize(self.model.get_text_features(**texts.to(self.device)), dim=-1)
                rows.append(torch.nn.functional.normalize(features.mean(0), dim=0))
            self.vectors[name] = torch.stack(rows)
        return self.vectors[name]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--detector", default="facebook/mask2former-swin-small-coco-instance", help="a name, or a folder")
    parser.add_argument("--clip", default="openai/clip-vit-large-patch14", help="a name, or a folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    lines = options.out.read_text().splitlines(keepends=True) if options.out.exists() else []
    lines = [line for line in lines if line.endswith("\n")]
    done = {json.loads(line)["file"] for line in lines}
    options.out.write_text("".join(lines))
    detector, colors = Detector(options.detector, options.device), None
    with options.out.open("a") as out:
        for folder in sorted(f for f in options.images.iterdir() if f.name.isdigit()):
            prompt = json.loads((folder / "metadata.jsonl").read_text())
            counts = {each["class"]: each["count"] for each in prompt["include"] if "color" in each}
            least = LEAST_COUNTING if prompt["tag"] == "counting" else LEAST
            for file in sorted((folder / "samples").glob("*.png")):
                name = file.relative_to(options.images).as_posix()
                if name in done:
                    continue
                image = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
                objects = sorted(detector.objects(image), key=lambda seen: -seen[0]["score"])
                looked = dict.fromkeys(counts, 0)
                kept = []
                for seen, mask in objects:
                    kind = seen["class"]
                    if kind in counts and seen["score"] > least and looked[kind] < counts[kind]:
                        looked[kind] += 1
                        colors = colors or Colors(options.clip, options.device)
                        seen["color"] = colors.of(image, mask, seen["box"], kind)
                    if sum(other["class"] == kind for other in kept) < MOST:
                        kept.append(seen)
                print(json.dumps({"file": name, "objects": kept}), file=out, flush=True)


if __name__ == "__main__":
    main()
