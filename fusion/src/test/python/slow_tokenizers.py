"""Tiny tokenizers in the form that transformers' slow classes save, and their ids: python slow_tokenizers.py FOLDER

Needs sentencepiece, tokenizers and transformers (made with 0.2.3, 0.19.1 and 4.43.3; without ftfy, as the paper's reference runs).
FOLDER/gemma has tokenizer.model, trained with the settings of Gemma's; FOLDER/clip vocab.json and merges.txt; FOLDER/expected.json
the ids of hard and of random texts.
"""

import json
import random
import sys
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer, GemmaTokenizer

SENTENCES = """A red cat sits on a blue mat, and the dog barks at it.
Three small green circles are drawn to the left of a large yellow square.
An oil painting of a lighthouse in a storm; waves break over the rocks at night.
The banana, the cabana and the bandana: anagrams abound in abracadabra.
def add(a, b):\n    return a + b  # 12345 + 67890
Ein kleines Mädchen läuft über die Brücke. Une forêt enchantée près de la rivière.
Красный кот сидит на синем ковре. 一只红色的猫坐在垫子上。 赤い猫がマットの上に座っている。
aaaa aaaaa aaaaaa abab ababab abababab mississippi mississippi
    indented   text\twith\ttabs and   runs    of     blanks""".split("\n")

PROMPTS = [
    "", " ", "  ", "   a", "a cat", "A red cat sits on a blue mat.", " leading and trailing ", "two  blanks", "ten          blanks",
    "tabs\tand\nnew\n\nlines\r\n", "aaaaaaaaaaaaaaaaaaaaa", "abababababababab", "mississippimississippi", "aa a aa a aaa",
    "naïve café Å", "e\u0301 decomposed", "ﬁ ligature ½ ①", "红色的猫 赤い猫", "кот сидит", "👩\u200d👩\u200d👧 family 🇩🇪", "zero\u200bwidth\u00a0nobreak",
    "bell\u0007 null\u0000 bom\ufeff", "▁already▁escaped", "▁▁ and  ", "<bos>literal<eos>", "<start_of_turn>user\nhi<end_of_turn>\n",
    "<unused0><unused1>", "<ctrl>", "a<start_of_turn", "<pad><unk>", "<0x41> not a byte", "<|startoftext|>a<|endoftext|>", "<|STARTOFTEXT|>",
    "it's you're I'LL we'd", "12345 3.14 1,000", "!!! ??? ... --- ***", "UPPER lower MiXeD İstanbul ẞ", "ﷺ ไทย हिन्दी עברית", "\ufffd replaced",
    "\U0001f600" * 5, "x" * 200, "word " * 50,
]


def random_texts(count: int) -> list[str]:
    rng = random.Random(7)
    alphabets = ["ab", "aab ", "mis p", "abcdeft ", " \n\t", "éàüßa ", "кот 猫红", "<>_▁bos/", "".join(chr(c) for c in range(33, 127))]
    return ["".join(rng.choice(rng.choice(alphabets[: rng.randint(1, len(alphabets))])) for _ in range(rng.randint(1, 40))) if i % 2 else
            "".join(rng.choice(alphabets[i // 2 % len(alphabets)]) for _ in range(rng.randint(1, 40))) for i in range(count)]


def gemma(folder: Path) -> GemmaTokenizer:
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "trained"), model_type="bpe", vocab_size=560, byte_fallback=True,
        normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>",
        bos_piece="<bos>", unk_piece="<unk>", control_symbols=["<ctrl>"], hard_vocab_limit=False, minloglevel=2,
        user_defined_symbols=["<start_of_turn>", "<end_of_turn>", "<unused0>", "<unused1>", "\n", "\n\n", "▁▁", "▁▁▁▁"])
    tokenizer = GemmaTokenizer(str(folder / "trained.model"))
    tokenizer.save_pretrained(folder)
    for made in ("corpus.txt", "trained.model", "trained.vocab"):
        (folder / made).unlink()
    return GemmaTokenizer.from_pretrained(folder)


def clip(folder: Path) -> CLIPTokenizer:
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trained.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained.train_from_iterator(SENTENCES * 20, trainers.BpeTrainer(
        vocab_size=900, end_of_word_suffix="</w>", initial_alphabet=alphabet, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    words = alphabet + [letter + "</w>" for letter in alphabet] + [merge.replace(" ", "") for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(dict.fromkeys(words))}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def main(folder: Path) -> None:
    texts = PROMPTS + random_texts(400)
    expected = {}
    for name, make in (("gemma", gemma), ("clip", clip)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        tokenizer = make(folder / name)
        expected[name] = [tokenizer(text)["input_ids"] for text in texts]
    lines = ",\n".join(json.dumps({"text": text, **{name: ids[i] for name, ids in expected.items()}}) for i, text in enumerate(texts))
    (folder / "expected.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
