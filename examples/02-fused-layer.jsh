// A fused layer by hand, and its attention as an image
//
// FuseDiT stands beside a language model, layer by layer: the image's rows attend to themselves and to the keys and values that the
// language model's layer made of the prompt. Here is one such layer as a few lines of tensor algebra, checked against the library's own.

// ---- A small model
//
// A Gemma of two layers, and two blocks of an image side as wide as it, with fresh weights. Without a noise level and with a table of
// positions the layer is the bare equation: nothing is modulated, nothing is rotated.

var text = LanguageModelConfig.gemma(50, 32, 64, 2, 4, 1, 16); // vocabulary, width, MLP, layers, heads, key/value heads, width of a head
var image = DiTConfig.beside(text, new ImagePositions.Absolute(8, 8),
        new TimeConditioning.None()).layers(2).channels(3).qkNorm(true).build();
var config = new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All());
var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
var model = FuseDiT.of(config, weights);
IO.println("%,d parameters, of which the language model's are %,d".formatted(weights.all().mapToLong(p -> p.master().numel()).sum(),
        weights.in("llm").all().mapToLong(p -> p.master().numel()).sum()));

// ---- What goes in
//
// A prompt of four tokens, and a noisy image of 8 × 8 pixels: 16 patches of 2 × 2. The text is computed once; of each layer the image reads
// keys and values, (batch, key/value heads, tokens, width of a head).

var words = List.of("a", "red", "circle", "<eos>");
var prompt = Prompt.of(new long[] {2, 7, 9, 1});
var read = model.text(prompt).blocks().getFirst();
IO.println("keys of the text " + read.keys().size());

// Hooks see what passes between the layers, as PyTorch's forward hooks do: the first block's input, and its output. What they are shown is
// the model's, which frees it soon; the session holds a copy.

var seen = new HashMap<String, Tensor>();
ForwardHooks hooks = (name, value) -> seen.put(name, scope.hold(value.copy()));
var noisy = Tensor.randn(Seed.of(3), DType.F32, 1, 3, 8, 8);
var predicted = model.image(noisy, Tensor.of(new float[] {700}), model.text(prompt), null, hooks);
var x_BNC = seen.get("dit.in");
x_BNC.size()

// ---- The layer by hand
//
// Queries, keys and values of the image: a norm, three matrices, heads as a dimension of their own, and a norm over each head's width.

var block = model.backbone().layers().getFirst().image();
var n_BNC = block.norm().apply(x_BNC);
var qkv = block.qkv().parts();
var q_BHND = block.qNorm().apply(Heads.split(qkv.get(0).apply(n_BNC), 4));
var k_BKND = block.kNorm().apply(Heads.split(qkv.get(1).apply(n_BNC), 1));
var v_BKND = Heads.split(qkv.get(2).apply(n_BNC), 1);

// One softmax over [text; image]. The four query heads share one key/value head (multi-query attention), which broadcasting does.

var k_BKLD = Tensor.cat(2, read.keys(), k_BKND);
var v_BKLD = Tensor.cat(2, read.values(), v_BKND);
var weights_BHNL = q_BHND.matmul(k_BKLD.transpose(2, 3)).div(Math.sqrt(16)).softmax(-1);
weights_BHNL.size()

// What was attended to is mixed over the heads and added to the image; so is the gated MLP of the sum.

var attended_BNC = x_BNC.add(block.o().apply(Heads.merge(weights_BHNL.matmul(v_BKLD))));
var m_BNC = block.mlpNorm().apply(attended_BNC);
var mlp = block.mlp();
var out_BNC = attended_BNC.add(mlp.down().apply(mlp.activation().apply(mlp.gate().apply(m_BNC)).mul(mlp.up().apply(m_BNC))));

// The library's own layer, with its fused kernels, gives the same.

out_BNC.allClose(seen.get("dit.layer.0"), 1e-4, 1e-5)

// ---- Its attention
//
// How much of each token reaches each patch, the mean over heads. Rows are patches; the first four columns are the prompt, the others the
// image. The weights are fresh, so none of it means anything yet.

var mean_NL = weights_BHNL.mean(false, 1).get(0);
IO.println("a row sums to %.3f; the text's part of it is %.3f, of 4 tokens in 20".formatted(mean_NL.sum(false, 1).get(0).item(),
        mean_NL.narrow(1, 0, 4).sum(false, 1).mean().item()));
Show.image("attention", mean_NL)

// The same the other way round: for each word the patches that look at it, where they lie in the image.

Show.grid("words", IntStream.range(0, 4).mapToObj(word -> mean_NL.select(1, word).reshape(4, 4)).toList(), words)

// The weights are owned by whoever made them.

weights.close();
