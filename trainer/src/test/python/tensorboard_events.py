"""Holds a run's event files against its metrics.jsonl, reading them with TensorBoard's own package.

    python tensorboard_events.py RUN

Needs tensorboard. Every number of every row has to be there as a scalar of its step, once, and nothing else: what a run
that was killed had told of steps that were done again has to be gone. Previews have to be the files in previews/.
"""

import json
import math
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader


def expected_scalars(run):
    wanted = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row.get("event") == "resume":
            continue
        group = row.get("event", "train")
        for key, value in row.items():
            if key in ("step", "event", "stage", "samples", "seconds", "outcome"):
                continue
            values = (
                {f"flow_bin_{i + 1}_of_{len(value)}": v for i, v in enumerate(value)} if isinstance(value, list) else {key: value}
            )
            for name, number in values.items():
                wanted.setdefault(f"{group}/{name}", {})[row["step"]] = float(number)
    return wanted


def main(run):
    folder = run / "tensorboard"
    files = sorted(folder.iterdir())
    for file in files:  # the checksums of TFRecord's framing are checked on the way
        assert sum(1 for _ in RawEventFileLoader(str(file)).Load()) >= 2, file
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0}).Reload()
    wanted = expected_scalars(run)
    assert set(events.Tags()["scalars"]) == set(wanted), set(events.Tags()["scalars"]) ^ set(wanted)
    count = 0
    for tag, by_step in wanted.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        assert [step for step, _ in found] == list(by_step), (tag, [step for step, _ in found], list(by_step))
        for step, value in found:
            same = math.isclose(value, by_step[step], rel_tol=1e-6, abs_tol=1e-12) or math.isnan(value)
            assert same, (tag, step, value, by_step[step])
            count += 1
    previews = {int(file.stem.removeprefix("step-")): file.read_bytes() for file in (run / "previews").glob("step-*.png")}
    images = events.Images("preview") if previews else []
    assert [image.step for image in images] == sorted(previews), ([image.step for image in images], sorted(previews))
    for image in images:
        assert image.encoded_image_string == previews[image.step] and image.width > 0 and image.height > 0
    print(f"{len(files)} files, {len(wanted)} tags, {count} scalars, {len(images)} images: as the run has them")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
