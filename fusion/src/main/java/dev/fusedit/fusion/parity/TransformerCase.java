package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.dit.DiT;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A fused model or a baseline: outputs, what flows inside, cached text, gradients, three optimizer steps.
///
/// Outputs are computed our way, padding left out. What flows inside is computed a second time with padding, as the reference
/// does, since the expected tensors hold its rows too.
record TransformerCase(Case files, JsonNode config, SafeTensors inputs, Expected expected) {
    static boolean is(Case here) { return here.configHas("reference"); }

    static CaseResult run(Case files) {
        try (var inputs = SafeTensors.open(files.file("inputs.safetensors"));
                var file = SafeTensors.open(files.file("expected.safetensors"))) {
            var here = new TransformerCase(files, files.json("config.json"), inputs, new Expected(file, _ -> true));
            try (var _ = Autograd.noGrad()) {
                here.forward();
                here.smallerDtype();
            }
            if (here.expected.names().stream().anyMatch(name -> name.startsWith("train.") || name.startsWith("optim."))) {
                new TransformerTraining(here).run();
            }
            return here.expected.result(files.name());
        }
    }

    /// A model with its weights, and those of its text encoder if they are apart.
    record Loaded(ImageModel model, Weights weights, @Nullable Weights encoder) implements AutoCloseable {
        @Override
        public void close() {
            weights.close();
            if (encoder != null) {
                encoder.close();
            }
        }
    }

    Loaded load(DTypePolicy policy) {
        return switch (ModelConfigJson.read(config.path("reference"), files.file("config.json").toString())) {
            case FuseDiTConfig fused -> fused(fused, policy);
            case ShallowModelConfig shallow -> shallow(shallow, policy);
        };
    }

    private Loaded fused(FuseDiTConfig settings, DTypePolicy policy) {
        try (var file = SafeTensors.open(files.file("model.safetensors"))) {
            var weights = Weights.stored(file, policy);
            return closingOnFailure(() -> {
                var model = FuseDiT.of(settings, weights);
                weights.requireComplete();
                return new Loaded(model, weights, null);
            }, weights);
        }
    }

    private static Loaded closingOnFailure(java.util.function.Supplier<Loaded> load, Weights... all) {
        try {
            return load.get();
        } catch (RuntimeException e) {
            Arrays.stream(all).forEach(Weights::close);
            throw e;
        }
    }

    private Loaded shallow(ShallowModelConfig settings, DTypePolicy policy) {
        try (var file = SafeTensors.open(files.file("model.safetensors")); var text = SafeTensors.open(files.file("llm.safetensors"))) {
            var encoderWeights = Weights.stored(text, policy);
            var weights = Weights.stored(file, policy);
            return closingOnFailure(() -> {
                var model = settings.build(weights, LanguageModel.of(settings.text(), encoderWeights));
                encoderWeights.requireComplete();
                weights.requireComplete();
                return new Loaded(model, weights, encoderWeights);
            }, weights, encoderWeights);
        }
    }

    Tensor input(String name) { return TensorScope.scoped(() -> inputs.read(name).to(files.device())); }

    /// Whole numbers, for Java.
    long[] wholes(String name) {
        try (var _ = TensorScope.open()) {
            return inputs.read(name).toLongs();
        }
    }

    @Nullable
    Tensor pooled() { return inputs.contains("text_modulation_embeds") ? input("text_modulation_embeds") : null; }

    /// Our way: real tokens only.
    Prompt prompt(String prefix) { return Prompt.masked(rows(prefix + "input_ids"), rows(prefix + "attention_mask")); }

    /// The reference's way: padding is computed.
    private Prompt paddedPrompt() {
        return Prompt.padded(rows("input_ids"),
                Arrays.stream(rows("attention_mask")).mapToInt(row -> (int) Arrays.stream(row).sum()).toArray());
    }

    private long[][] rows(String name) {
        try (var _ = TensorScope.open()) {
            var tensor = inputs.read(name);
            var values = tensor.toLongs();
            var width = (int) tensor.size(1);
            var rows = new long[(int) tensor.size(0)][];
            Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * width, (i + 1) * width));
            return rows;
        }
    }

    private void forward() {
        try (var loaded = load(files.policy()); var _ = TensorScope.open()) {
            var model = loaded.model();
            Tensor latents = input("latents"), times = input("timestep");
            var text = model.text(prompt(""));
            expected.compare("forward.output", model.image(latents, times, text, pooled()), Tolerance.OUTPUT);
            expected.compare("cache.prefill.output", model.image(latents, times, text, pooled()), Tolerance.OUTPUT);
            if (inputs.contains("leftpad.input_ids")) {
                expected.compare("leftpad.output", model.image(latents, times, model.text(prompt("leftpad.")), pooled()), Tolerance.OUTPUT);
            }
            hooks(model, latents, times);
            cache(model);
        }
    }

    private void hooks(ImageModel model, Tensor latents, Tensor times) {
        var prompt = paddedPrompt();
        var text = model.text(prompt, true, this::hook);
        model.image(latents, times, text, pooled(), this::hook);
        if (model.dit().time() == null && expected.has("taps.temb")) {
            expected.compare("taps.temb",
                    Tensor.zeros(dev.fusedit.torch.DType.F32, latents.device(), latents.size(0), model.dit().config().width()),
                    Tolerance.TAP);
        }
        rotary(model, prompt, latents);
    }

    private void hook(String name, Tensor value) {
        expected.compare(name.startsWith("text.") ? name : "taps." + name, value, Tolerance.TAP);
    }

    /// The reference keeps one table: the text's with sine/cosine image positions, both behind each other in a shared attention, the
    /// image's in cross-attention.
    private void rotary(ImageModel model, Prompt prompt, Tensor latents) {
        if (!expected.has("taps.rotary.cos")) {
            return;
        }
        var text = model.llm().rotaryEmbedding(prompt, latents.device());
        var image = model.dit().rotaryEmbedding(latents, model.imageStarts(prompt));
        var count = expected.shape("taps.rotary.cos")[1];
        compareTable("taps.rotary.cos", count, text.cos(), image == null ? null : image.cos());
        compareTable("taps.rotary.sin", count, text.sin(), image == null ? null : image.sin());
    }

    private void compareTable(String name, long count, Tensor text, @Nullable Tensor image) {
        var rows = expected.shape(name)[0];
        Tensor table = image == null ? text : image.size(1) == count ? image : Tensor.cat(1, wide(text, rows), wide(image, rows));
        expected.compare(name, wide(table, rows), Tolerance.TAP);
    }

    private static Tensor wide(Tensor table, long rows) { return table.size(0) == rows ? table : table.expand(rows, -1, -1); }

    private void cache(ImageModel model) {
        if (!inputs.contains("cache.latents")) {
            return;
        }
        Tensor latents = input("cache.latents"), times = input("cache.timestep");
        var text = model.text(prompt(""));
        var output = model.image(latents, times, text, pooled());
        expected.compare("cache.second.output_uncached", output, Tolerance.OUTPUT);
        // The reference forgets the text's length in the second call's rotary positions. Told the same, ours gives its numbers.
        expected.compare("cache.second.output",
                dropsOffset(model) ? model.image(latents, times, text.withImageStarts(new int[text.batch()]), pooled()) : output,
                Tolerance.OUTPUT);
        keys(model);
    }

    private static boolean dropsOffset(ImageModel model) { return model.config().isDeep() && isRotary(model.dit()); }

    private static boolean isRotary(DiT dit) { return dit.config().positions().isRotary(); }

    private void keys(ImageModel model) {
        var blocks = model.text(paddedPrompt()).blocks();
        var first = blocks.stream().filter(java.util.Objects::nonNull).findFirst();
        var last = blocks.reversed().stream().filter(java.util.Objects::nonNull).findFirst();
        first.ifPresent(kv -> {
            expected.compare("cache.first.key", kv.keys(), Tolerance.OUTPUT);
            expected.compare("cache.first.value", kv.values(), Tolerance.OUTPUT);
        });
        last.ifPresent(kv -> {
            expected.compare("cache.last.key", kv.keys(), Tolerance.OUTPUT);
            expected.compare("cache.last.value", kv.values(), Tolerance.OUTPUT);
        });
    }

    /// Matmuls in bf16 stand for both of the reference's ways, autocast and bf16 weights.
    private void smallerDtype() {
        if (!expected.has("bf16_autocast.output") && !expected.has("bf16_weights.output")) {
            return;
        }
        try (var loaded = load(DTypePolicy.MIXED.on(files.device())); var _ = TensorScope.open()) {
            var output = loaded.model().image(input("latents"), input("timestep"), loaded.model().text(prompt("")), pooled());
            expected.compare("bf16_autocast.output", output, Tolerance.BF16);
            expected.compare("bf16_weights.output", output, Tolerance.BF16);
        }
    }
}
