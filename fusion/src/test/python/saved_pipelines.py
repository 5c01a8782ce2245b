"""Golden cases as the paper's own script saves pipelines (utils/save_pipeline.py): the reference's classes, filled with a case's weights, and
its pipelines' save_pretrained. The drawn pictures are those of the cases, so that nothing but the files is new.

    python saved_pipelines.py REFERENCE src/test/resources/goldens/pipeline src/test/resources/saved_pipelines

REFERENCE is a checkout of the paper's code. Made with torch 2.10, transformers 4.43.3, diffusers 0.32.0, sentencepiece 0.2.1. The tokenizers
are tiny ones of the classes that the script saves, slow ones: a SentencePiece model of the goldens' words, and a CLIP vocabulary of bytes.
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

import sentencepiece
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler
from safetensors.torch import load_file
from transformers import AutoModel, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer, GemmaConfig, GemmaModel, GemmaTokenizer
from transformers.models.clip.tokenization_clip import bytes_to_unicode

KINDS = {"fuse-dit": "fuse_gemma_ape", "fuse-dit-clip": "fuse_gemma_clip", "baseline-dit": "dit_cross_ape"}


def filled(model, file):
    model.load_state_dict(load_file(file))
    return model


def gemma_tokenizer(words, folder):
    text = folder / "words.txt"
    text.write_text("\n".join(words * 40))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "tokenizer"), vocab_size=40, model_type="bpe", byte_fallback=False, pad_id=0, eos_id=1,
        bos_id=2, unk_id=3, hard_vocab_limit=False, normalization_rule_name="identity", minloglevel=2)
    return GemmaTokenizer(str(folder / "tokenizer.model"))


def clip_tokenizer(folder):
    characters = list(bytes_to_unicode().values())
    vocabulary = characters + [c + "</w>" for c in characters] + ["a" + "b</w>", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\na b</w>\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))


def main(reference, goldens, target):
    sys.path.insert(0, reference)
    from diffusion.configs import DiTConfig, FuseDiTConfig
    from diffusion.models import DiT, FuseDiT
    from diffusion.pipelines import DiTPipeline, FuseDiTPipeline, FuseDiTPipelineWithCLIP

    goldens, target, temp = Path(goldens), Path(target), Path(tempfile.mkdtemp())
    words = json.loads((goldens / "tokenizer.json").read_text())["words"]
    vae_config = json.loads((goldens / "vae" / "config.json").read_text())
    for kind, name in KINDS.items():
        config = json.loads((goldens / name / "config.json").read_text())
        fields = config["transformer"]
        model = DiT(DiTConfig(**fields)) if kind == "baseline-dit" else FuseDiT(FuseDiTConfig(**fields))
        parts = dict(
            transformer=filled(model, goldens / name / "weights.safetensors"),
            scheduler=FlowMatchEulerDiscreteScheduler(**config["scheduler"]),
            vae=filled(AutoencoderKL.from_config(vae_config), goldens / "vae" / "weights.safetensors"),
            tokenizer=gemma_tokenizer(words, temp),
        )
        if kind == "baseline-dit":
            llm = GemmaModel(GemmaConfig.from_dict(fields["base_config"]))
            state = load_file(goldens / name / "llm.safetensors")
            llm.load_state_dict({key.removeprefix("model."): value for key, value in state.items() if key != "lm_head.weight"})
            pipeline = DiTPipeline(llm=llm, **parts)
        elif kind == "fuse-dit-clip":
            clip = CLIPTextModelWithProjection(CLIPTextConfig(**config["clip"]))
            pipeline = FuseDiTPipelineWithCLIP(clip=filled(clip, goldens / name / "clip.safetensors"), clip_tokenizer=clip_tokenizer(temp), **parts)
        else:
            pipeline = FuseDiTPipeline(**parts)
        shutil.rmtree(target / kind, ignore_errors=True)
        pipeline.save_pretrained(target / kind)
    shutil.rmtree(temp)


main(*sys.argv[1:])
