"""Prepares the same images side by side with img2dataset: both fetch them from one server on loopback, and write 256-pixel shards.

    python prepare_compare.py SHARDS [--images 5000] [--rounds 3] [--java-home DIR] [--out results.jsonl]

SHARDS is a folder that `feed_shards.py` made. Takes turns, a process each. The server is the JDK's `jwebserver`, which takes its part of the
same cores in either case. Needs img2dataset 1.47 beside it, in the same environment.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

import pyarrow
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESSES = len(os.sched_getaffinity(0))
CONNECTIONS = 64


def unpack(shards, folder, count):
    """So many files; where the shards have fewer images, again under other names."""
    names = []
    for shard in sorted(pathlib.Path(shards).glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                if member.name.endswith(".jpg") and len(names) < count:
                    (folder / member.name).write_bytes(tar.extractfile(member).read())
                    names.append(member.name)
    originals = len(names)
    for i in range(originals, count):
        names.append(f"again-{i}.jpg")
        os.link(folder / names[i - originals], folder / names[i])
    return names


def metadata(names, port, file):
    """COYO's columns, with values that every default rule lets through."""
    n = len(names)
    whole = {"width": 512, "height": 512, "text_length": 30, "word_count": 5, "num_tokens_bert": 6, "num_tokens_gpt": 6, "num_faces": 0}
    scores = {"clip_similarity_vitb32": 0.35, "clip_similarity_vitl14": 0.3, "nsfw_score_opennsfw2": 0.01, "nsfw_score_gantman": 0.01,
              "watermark_score": 0.1, "aesthetic_score_laion_v2": 5.5}
    columns = {"id": pyarrow.array(range(n), pyarrow.int64()),
               "url": pyarrow.array([f"http://127.0.0.1:{port}/{name}" for name in names]),
               "text": pyarrow.array([f"a picture that has number {i}" for i in range(n)]),
               "image_phash": pyarrow.array([None] * n, pyarrow.string())}
    columns.update({name: pyarrow.array([value] * n, pyarrow.int32()) for name, value in whole.items()})
    columns.update({name: pyarrow.array([value] * n, pyarrow.float32()) for name, value in scores.items()})
    pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="snappy")


def ours(table, out, rows):
    return [str(ROOT / "fusedit"), "data", "prepare", "coyo", "--metadata", str(table), "--out", str(out), "--allow-private",
            "--image-size", "256", "--quality", "95", "--rows-per-shard", str(rows), "--connections", str(CONNECTIONS),
            "--per-host", str(CONNECTIONS)]


def theirs(table, out, rows):
    return [sys.executable, "-m", "img2dataset.main", "--url_list", str(table), "--input_format", "parquet", "--url_col", "url",
            "--caption_col", "text", "--output_format", "webdataset", "--output_folder", str(out), "--image_size", "256",
            "--resize_mode", "keep_ratio", "--resize_only_if_bigger", "True", "--encode_quality", "95", "--compute_hash", "sha256",
            "--number_sample_per_shard", str(rows), "--processes_count", str(PROCESSES), "--thread_count", str(CONNECTIONS // PROCESSES)]


def images(out):
    """In its shards."""
    count = 0
    for shard in out.glob("*.tar"):
        with tarfile.open(shard) as tar:
            count += sum(name.endswith(".jpg") for name in tar.getnames())
    return count


def run(command, out, expected):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = images(out)
    if ran.returncode or found != expected:
        sys.exit("%d of %d images, status %d: %s\n%s" % (found, expected, ran.returncode, " ".join(command), ran.stderr[-3000:]))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(seconds, 2), "images_per_second": round(expected / seconds, 1), "cpu_ms_per_image": round(1000 * cpu / expected, 2)}


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--rows", type=int, default=1000, help="of a shard")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--java-home", default=os.environ.get("JAVA_HOME", "/usr"))
    parser.add_argument("--out", help="every measurement as a line of JSON")
    a = parser.parse_args()
    subprocess.run([str(ROOT / "fusedit"), "--version"], check=True, stdout=subprocess.DEVNULL)  # builds what is not built
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        (work / "www").mkdir()
        port = free_port()
        names = unpack(a.shards, work / "www", a.images)
        metadata(names, port, work / "meta.parquet")
        server = subprocess.Popen([a.java_home + "/bin/jwebserver", "-b", "127.0.0.1", "-p", str(port), "-d", str(work / "www"), "-o", "none"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/{names[0]}").read()
                    break
                except OSError:
                    time.sleep(0.1)
            rounds = []
            for number in range(a.rounds):
                took = {}
                for system, command in {"fusedit": ours, "img2dataset": theirs}.items():
                    out = work / f"{system}-{number}"
                    took[system] = run(command(work / "meta.parquet", out, a.rows), out, len(names))
                    shutil.rmtree(out)
                    print(f"round {number + 1}, {system}: {took[system]}", file=sys.stderr, flush=True)
                    if a.out:
                        with open(a.out, "a") as lines:
                            print(json.dumps(dict(took[system], system=system, round=number, load=os.getloadavg()[0])), file=lines)
                rounds.append(took)
        finally:
            server.terminate()
    for field in ("images_per_second", "cpu_ms_per_image"):
        values = {system: statistics.median(each[system][field] for each in rounds) for system in rounds[0]}
        ratios = sorted(each["fusedit"][field] / each["img2dataset"][field] for each in rounds)
        print("%s: ours %.1f, img2dataset %.1f, ratio %.2f (%.2f to %.2f)" % (field, values["fusedit"], values["img2dataset"],
                                                                            statistics.median(ratios), ratios[0], ratios[-1]))


if __name__ == "__main__":
    main()
