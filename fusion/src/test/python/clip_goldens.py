"""Golden cases of CLIP's text side from transformers' class: python clip_goldens.py FOLDER (transformers 4.43.3, torch 2.10, CPU)"""
import sys

import torch
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from tiny import randomise, save

USUAL = dict(vocab_size=99, hidden_size=32, intermediate_size=64, projection_dim=24, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=16,
             bos_token_id=97, eos_token_id=98, pad_token_id=98, hidden_act="quick_gelu")
CASES = {
    "wide-projection": dict(projection_dim=50, hidden_size=20, num_attention_heads=5, intermediate_size=30),
    "one-head": dict(num_attention_heads=1, num_hidden_layers=1, max_position_embeddings=9),
    "gelu-new": dict(hidden_act="gelu_new"),
    "tanh-gelu": dict(hidden_act="gelu_pytorch_tanh", layer_norm_eps=1e-3),
    "legacy-three-layers": dict(eos_token_id=2, hidden_act="gelu", vocab_size=300),
    "relu": dict(hidden_act="relu"),
    "silu": dict(hidden_act="silu"),
    "eos-in-the-middle": dict(eos_token_id=7, pad_token_id=1),
}


@torch.no_grad()
def main(folder):
    for seed, (name, change) in enumerate(CASES.items()):
        torch.manual_seed(500 + seed)
        config = CLIPTextConfig(**(USUAL | change))
        model = randomise(CLIPTextModelWithProjection(config), lambda key: "norm" in key and key.endswith("weight"))
        length, end = config.max_position_embeddings, config.vocab_size - 1
        eos = end if config.eos_token_id == 2 else config.eos_token_id
        ids = torch.full((5, length), eos)
        mask = torch.zeros_like(ids)
        for row, words in enumerate([0, 1, length // 2, length - 2, length - 1]):
            ids[row, 0] = USUAL["bos_token_id"]
            ids[row, 1:1 + words] = torch.randint(10, 90, (words,))
            mask[row, :min(length, words + 2)] = 1
        if name == "eos-in-the-middle":
            ids[3, 4] = eos
            ids[4] = torch.randint(10, 90, (length,))
        io = {"input_ids": ids, "attention_mask": mask}
        for prefix, given in (("nomask.", None), ("mask.", mask)):
            out = model(ids, attention_mask=given, output_hidden_states=True)
            text = model.text_model(ids, attention_mask=given)
            io |= {prefix + "last_hidden_state": out.last_hidden_state, prefix + "text_embeds": out.text_embeds, prefix + "pooled": text.pooler_output}
            if given is None:
                io |= {f"nomask.hidden_states.{i}": state for i, state in enumerate(out.hidden_states)}
        pooled, last = io["nomask.pooled"], io["nomask.last_hidden_state"]
        io["pool_position"] = torch.stack([(last[b] - pooled[b]).abs().sum(-1).argmin() for b in range(5)])
        save(f"{folder}/{name}", json_of(config), io, model.state_dict())


def json_of(config):
    return {k: v for k, v in config.to_dict().items() if k in USUAL or k in ("layer_norm_eps", "attention_dropout", "model_type")}


main(sys.argv[1])
