"""Loads the pipelines that PipelineFolderTest wrote with the Python libraries, unchanged, and compares what their parts compute with the
golden numbers.

    pip install torch diffusers==0.32.0 transformers==4.43.3 'huggingface_hub<0.26' accelerate==0.34.2 einops
    python pipelines.py fusion/target/pipelines fusion/src/test/resources/goldens/pipeline [REFERENCE]

REFERENCE is a checkout of the paper's code; with it whole pipelines are loaded and draw.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer, CLIPTextModelWithProjection


def complete(loaded):
    model, report = loaded
    assert not any(report.values()), report
    return model.eval()


def close(name, got, expected):
    error = (got - expected).abs().max().item()
    print(f"  {name}: largest difference {error:.2e}")
    assert error < 2e-4, name


def parts(folder, golden):
    io = load_file(golden / "io.safetensors")
    vae = complete(AutoencoderKL.from_pretrained(folder / "vae", output_loading_info=True))
    latents = io["nocache.final_latents"] / vae.config.scaling_factor + vae.config.shift_factor
    close("vae", (vae.decode(latents).sample / 2 + 0.5).clamp(0, 1), io["nocache.image01"])
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler")
    wanted = json.loads((golden / "config.json").read_text())["scheduler"]
    assert {name: scheduler.config[name] for name in wanted} == wanted
    if (folder / "clip").is_dir():
        clip = complete(CLIPTextModelWithProjection.from_pretrained(folder / "clip", output_loading_info=True))
        close("clip", clip(io["nocache.clip_input_ids"]).text_embeds, io["nocache.text_modulation_embeds"])
    if (folder / "llm").is_dir():
        llm = complete(AutoModel.from_pretrained(folder / "llm", output_loading_info=True))
        states = llm(io["input_ids"], io["attention_mask"], output_hidden_states=True).hidden_states[-1]
        real = io["attention_mask"].bool()  # the reference's mask lets padding see other padding
        close("llm", states[real], io["nocache.text_hidden_states"][real])


def whole(folder, golden):
    """With the reference's own classes: the transformer alone too, whose state has to be complete."""
    from diffusion.models import DiT, FuseDiT
    from diffusion.pipelines import FuseDiTPipeline

    config = json.loads((golden / "config.json").read_text())
    transformer = complete((FuseDiT if config["kind"] == "FuseDiT" else DiT).from_pretrained(folder / "transformer", output_loading_info=True))
    print(f"  transformer: {sum(p.numel() for p in transformer.parameters())} parameters")
    if json.loads((folder / "model_index.json").read_text())["_class_name"] != "FuseDiTPipeline":
        return  # the other two of the reference cannot run as they were published
    io = load_file(golden / "io.safetensors")
    run = config["runs"][""]
    pipeline = FuseDiTPipeline(
        transformer,
        FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler"),
        AutoencoderKL.from_pretrained(folder / "vae"),
        words(json.loads((golden.parent / "tokenizer.json").read_text())["words"]),
    )
    pictures = pipeline(
        run["prompts"], *run["size"], run["steps"], guidance_scale=run["guidance"], negative_prompt=run["negative"],
        num_images_per_prompt=run["npp"], latents=io["initial_latents"], max_sequence_length=run["max_len"], output_type="pt",
    )[0]
    close("pipeline", pictures, io["nocache.image01"])


def pixels(folder):
    """A model without an autoencoder: the whole is no pipeline of diffusers; its parts are loaded and draw by the step that README.md names."""
    from diffusion.models import FuseDiT

    transformer = complete(FuseDiT.from_pretrained(folder / "transformer", output_loading_info=True))
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler")
    drawn, ours = load_file(folder / "drawn.safetensors"), json.loads((folder / "model_index.json").read_text())["_fusedit"]
    text = tokenizer(["", "", "a red cat", "blue"], padding=True, return_tensors="pt")
    scheduler.set_timesteps(sigmas=[1 - i / ours["steps"] for i in range(ours["steps"])])  # 'spacing': 'even'
    x = drawn["noise"]
    for i, time in enumerate(scheduler.timesteps):
        output = transformer(hidden_states=torch.cat([x, x]), timestep=time.expand(4), input_ids=text.input_ids, attention_mask=text.attention_mask,
                             use_cache=False)[0]
        free, bound = output.chunk(2)
        output = free + ours["guidance"] * (bound - free)
        now, after = scheduler.sigmas[i], scheduler.sigmas[i + 1]
        x = x + (after - now) * (x - output) / now  # 'prediction_type': 'sample'
    close("pixels", (x / 2 + 0.5).clamp(0, 1), drawn["pixels"])


def words(listed):
    """The goldens' list of words as a tokenizer of the library."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"<pad>": 0, "<eos>": 1, "<bos>": 2, **{word: 3 + i for i, word in enumerate(listed)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<bos>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", padding_side="right")


def main():
    written, goldens = Path(sys.argv[1]), Path(sys.argv[2])
    if len(sys.argv) > 3:
        sys.path.insert(0, sys.argv[3])
    for folder in sorted(written.iterdir()):
        print(folder.name)
        if folder.name == "words":
            ids = AutoTokenizer.from_pretrained(folder / "tokenizer")("A red, RED top-left Été 3").input_ids
            assert ids == [2, 4, 5, 5, 6, 8, 3], ids
            continue
        if folder.name == "pixels":
            if len(sys.argv) > 3:
                pixels(folder)
            continue
        parts(folder, goldens / folder.name)
        if len(sys.argv) > 3:
            whole(folder, goldens / folder.name)


if __name__ == "__main__":
    with torch.no_grad():
        main()
