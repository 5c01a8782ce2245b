"""Answers to DPG-Bench's questions, by the VQA model of its official script: python dpg_answers.py IMAGES CSV --out answers.jsonl

IMAGES is a folder of one square of 2 x 2 images a prompt (partiprompts97.png), such as OUT/dpg of `fusedit eval --out OUT`; with -n 1 of one
image each. CSV is DPG-Bench's dpg_bench.csv, all rows of which are asked (its own script passes over the first). A line of JSON is written for
each prompt, flushed at once; prompts that have one are passed over, so a stopped run goes on. Then:

    ./fusedit eval --model DIR --suite dpg --dpg-prompts PROMPTS --out OUT --dpg-questions CSV --dpg-answers answers.jsonl

Needs modelscope and the weights of damo/mplug_visual-question-answering_coco_large_en, as the official script does.
"""
import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from PIL import Image


def images(file, count):
    whole = Image.open(file).convert("RGB")
    if count == 1:
        return [whole]
    wide, high = whole.width // 2, whole.height // 2
    return [whole.crop((x * wide, y * high, (x + 1) * wide, (y + 1) * high)) for y in range(2) for x in range(2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("-n", type=int, choices=(1, 4), default=4, help="images a prompt")
    parser.add_argument("--model", default="damo/mplug_visual-question-answering_coco_large_en")
    parser.add_argument("--device", default="gpu")
    options = parser.parse_args()
    questions = defaultdict(dict)
    with options.csv.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            questions[row["item_id"]][int(row["proposition_id"])] = row["question_natural_language"]
    lines = options.out.read_text().splitlines(keepends=True) if options.out.exists() else []
    lines = [line for line in lines if line.endswith("\n")]
    done = {json.loads(line)["item"] for line in lines}
    options.out.write_text("".join(lines))

    from modelscope.pipelines import pipeline
    from modelscope.utils.constant import Tasks
    asked = pipeline(Tasks.visual_question_answering, model=options.model, device=options.device)
    with options.out.open("a") as out:
        for file in sorted(options.images.glob("*.png")):
            item = file.stem
            if item in done or item not in questions:
                continue
            answers = [{str(id): asked({"image": image, "question": text})["text"] for id, text in questions[item].items()}
                       for image in images(file, options.n)]
            print(json.dumps({"item": item, "images": answers}), file=out, flush=True)


if __name__ == "__main__":
    main()
