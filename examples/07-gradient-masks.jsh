// Gradient masks, seen in numbers
//
// A loss on images teaches whoever made the keys and values that the image looked at: the image side, and the language model. A gradient
// mask says how much of that gradient passes; forward it changes nothing. Here every part's gradient is measured, under each mask.

// ---- A small fused model
//
// A fresh model's last layer is zero, so that behind it nothing would learn in the first step: all weights are drawn anew.

var text = LanguageModelConfig.gemma(50, 32, 64, 2, 4, 1, 16);
var image = DiTConfig.beside(text, new ImagePositions.Rope2d(),
        new TimeConditioning.AdaLnZero()).layers(2).channels(3).qkNorm(true).build();
var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
var model = FuseDiT.of(new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All()), weights);
try (var frozen = Autograd.noGrad(); var inner = TensorScope.open()) {
    weights.all().forEach(p -> p.master().copyInPlace(Tensor.randn(Seed.of(2).derive(p.name()), DType.F32, p.master().shape()).mul(0.2)));
}
weights.train(name -> true);

var prompt = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5, 3});
var noisy = Tensor.randn(Seed.of(3), DType.F32, 2, 3, 8, 8);
var target = Tensor.randn(Seed.of(4), DType.F32, 2, 3, 8, 8);
var levels = Tensor.of(new float[] {700, 300});

// ---- Who learns
//
// The norm of the gradient of four groups of weights: the language model; of the image side those that make keys and values, and those that
// make queries; and all else of it.

Map<String, Predicate<String>> groups = new LinkedHashMap<>();
groups.put("language model", name -> name.startsWith("llm."));
groups.put("image k, v", name -> name.matches("dit\\..*self_attn\\.(k_proj|v_proj|k_norm)\\..*"));
groups.put("image q", name -> name.matches("dit\\..*self_attn\\.(q_proj|q_norm)\\..*"));
groups.put("image, the rest", name -> name.startsWith("dit.") && !name.matches(".*self_attn\\.[qkv]_.*"));

void measure(String title, GradientMask mask, Prompt prompt) {
    try (var inner = TensorScope.open()) {
        weights.clearGradients();
        var loss = model.masked(mask).forward(noisy, levels, prompt).sub(target).square().mean();
        loss.backward();
        var row = new StringBuilder("%-26s loss %.3f".formatted(title, loss.item()));
        groups.forEach((name, group) -> {
            double squares = weights.all().filter(p -> group.test(p.name()) && p.gradient() != null)
                    .mapToDouble(p -> p.gradient().square().sum().item()).sum();
            row.append("  %s %6.3f".formatted(name, Math.sqrt(squares)));
        });
        IO.println(row);
    }
}
measure("no mask", GradientMask.NONE, prompt);

// `insulateLlm(g)` lets g of the gradient through from the image's queries to the text's keys and values. With 0 the language model learns
// nothing from images (knowledge insulation), with 0.1 a tenth: the loss is the same in every digit, and so is what the image side learns.

for (double factor : List.of(1.0, 0.5, 0.1, 0.0)) {
    measure("insulateLlm(%.1f)".formatted(factor), GradientMask.insulateLlm(factor), prompt);
}

// `textOnly(0)`: of keys and values the text's alone learn. `imageOnly(0)`: the image's alone.

measure("textOnly(0)", GradientMask.textOnly(0), prompt);
measure("imageOnly(0)", GradientMask.imageOnly(0), prompt);

// A rule may be for some layers.

import com.google.common.collect.Range;
import dev.fusedit.fusion.dit.GradientMask.*;
measure("insulated in layer 0 only", GradientMask.of(new Rule(Modality.IMAGE, Modality.TEXT, Range.singleton(0), 0)), prompt);

// Single tokens may have factors of their own: of a caption that was dropped, as for guidance, the language model is to learn nothing, say.
// Here the second one was.

var dropped = prompt.withDropped(false, true);
measure("one dropped", GradientMask.NONE, dropped);
measure("one dropped, and silent", GradientMask.NONE.with(new Tokens(1, 1, 0)), dropped);

weights.close();
