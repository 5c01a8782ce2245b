"""Golden numbers of metrics: python metrics_goldens.py FOLDER (numpy 2, torch 2.10)

The public formulas written out: Frechet distance, CLIPScore, Vendi, and the sums of GenEval and DPG-Bench over made-up answers.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T


def frechet(x, y):
    (m1, s1), (m2, s2) = x, y
    half = root(s1)
    return float((m1 - m2) @ (m1 - m2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root(half @ s2 @ half)))


def cosines(x):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T


def vendi(k):
    values = np.linalg.eigvalsh(k / len(k))
    values = values[values > 1e-15]
    return float(np.exp(-(values * np.log(values)).sum()))


def geneval(rng):
    records = [dict(tag=tag, metadata=json.dumps({"tag": tag, "prompt": f"{tag} {p}"}), correct=bool(rng.random() < .4)) for tag, n in (("colors", 3), ("position", 1), ("counting", 4))
               for p in range(n) for _ in range(3)]
    by_tag = {tag: float(np.mean([r["correct"] for r in records if r["tag"] == tag])) for tag in ("colors", "position", "counting")}
    prompts = sorted({r["metadata"] for r in records})
    return dict(records=records, images=len(records), prompts=len(prompts), correct_images=float(np.mean([r["correct"] for r in records])),
                correct_prompts_any=float(np.mean([any(r["correct"] for r in records if r["metadata"] == p) for p in prompts])), overall=float(np.mean(list(by_tag.values()))),
                by_tag=by_tag)


def main(folder):
    rng, folder = np.random.default_rng(3), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    features = {"wide": rng.normal(size=(40, 6)), "other": rng.normal(1, 2, size=(31, 6)), "few": rng.normal(size=(4, 6)), "near": None}
    features["near"] = features["wide"] + 1e-3 * rng.normal(size=(40, 6))
    features = {k: v.astype(np.float32) for k, v in features.items()}
    stats = {k: (v.astype(np.float64).mean(0), np.cov(v.astype(np.float64), rowvar=False)) for k, v in features.items()}
    stats["given"] = (np.arange(6) / 3.0, np.diag(np.arange(1.0, 7.0)))
    tensors = {"feat." + k: torch.from_numpy(v) for k, v in features.items()}
    tensors |= {k: torch.from_numpy(np.ascontiguousarray(v)) for n, (m, s) in stats.items() for k, v in (("mu." + n, m), ("sigma." + n, s))}
    pairs = [("wide", "other"), ("other", "wide"), ("wide", "near"), ("wide", "given"), ("few", "other"), ("wide", "wide")]
    images, texts = rng.normal(size=(9, 5)).astype(np.float32), rng.normal(.3, 1, size=(9, 5)).astype(np.float32)
    tensors |= {"clip.image": torch.from_numpy(images), "clip.text": torch.from_numpy(texts)}
    i, t = images.astype(np.float64), texts.astype(np.float64)
    cos = (i * t).sum(1) / np.linalg.norm(i, axis=1) / np.linalg.norm(t, axis=1)
    diversity = []
    for name in ("wide", "few"):
        k = cosines(features[name].astype(np.float64))
        mean = float((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)))
        diversity.append(dict(features=name, vendi_cosine=vendi(k), mean_pairwise_cosine=mean, mean_pairwise_cosine_distance=1 - mean))
    expected = dict(frechet=[dict(x=x, y=y, value=frechet(stats[x], stats[y]), value_symmetric_eigen=frechet(stats[x], stats[y])) for x, y in pairs],
                    clip_score={"cosine": cos.tolist(), "w2.5_per_pair": (2.5 * np.maximum(cos, 0)).tolist(), "w2.5_mean": float(2.5 * np.maximum(cos, 0).mean()),
                                "x100_mean_clamped_after_mean": float(max(100 * cos.mean(), 0))},
                    diversity=diversity, diversity_limits=dict(five_equal_vectors=1.0, five_orthogonal_vectors=5.0), geneval=geneval(rng))
    (folder / "expected.json").write_text(json.dumps(expected))
    save_file(tensors, folder / "features.safetensors")


main(sys.argv[1])
