package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Range;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Gradient-masked attention: how much of attention's gradients passes into the keys and values that were looked at, by who looks at
/// whom and in which layers.
///
///     K̃ = sg(K) − g · (sg(K) − K),  Ṽ likewise,  g = factor(queries, keys, layer) · factor(token)
///
/// Each pair has a K̃ of its own, so the gradient of K is Σ g · ∂L/∂K̃ over the pairs that read it. Forward no bit changes
/// ([GradientGate]). The pairs are: text at text (in the language model's layers), image at text, image at image. The masks of image
/// at text with g = 0 are knowledge insulation (Driess et al. 2025, arXiv 2505.23705), which stops the gradient of a newly made expert
/// into the pre-trained model's keys and values, while a loss of its own keeps teaching that model.
///
/// What still gets a gradient, with factor 0:
///
/// | mask | flow loss: image side | flow loss: language model | language loss on captions | language loss on other text |
/// |---|---|---|---|---|
/// | [#NONE] | all | layers up to the last shared one (of that one: `input_layernorm`, `k_proj`, `v_proj`, `k_norm`) | all of the language model | all of it |
/// | [#insulateLlm] | all | none | all | all |
/// | [#textOnly] | all but `k_proj`, `v_proj`, `k_norm` of each block's `self_attn` | as with none | all | all |
/// | [#imageOnly] | all | none | all but `k_proj`, `v_proj`, `k_norm` | all |
///
/// - Text at text is masked in the pass that makes the image's keys and values ([ImageModel#text]), so also for a language loss on that
///   pass's output: there `imageOnly` leaves queries, outputs, MLPs, norms and embeddings to learn, through the residual stream. A
///   language model that runs alone ([TrainingPass#language]) is never masked.
/// - In a [TextDiT] the text's keys and values are made by projections of the image side (`context_embedder`, `text_k_proj`,
///   `text_v_proj`, their norms). They belong to it and learn under every mask: image at text acts on the hidden state that they read. So
///   do a block's `k_norm` in `textOnly`, where text keys are normed with it too.
/// - In a [DualStreamDiT] the text's rows belong to the image side and learn under every mask: image at text acts on the hidden state that
///   they are made of. It enters once, so rules must be for all layers. Image at image acts on the image's keys and values, whichever
///   stream looks at them.
/// - A language model's layer counts as the block beside it. Layers before the first fused one, and between such as blocks read, are named
///   only by rules for all layers.
///
/// @param rules where several name the same, the last one holds; what none names passes whole
public record GradientMask(List<Rule> rules, Tokens tokens) {
    /// Nothing is masked.
    public static final GradientMask NONE = new GradientMask(List.of(), Tokens.ALL);

    public GradientMask {
        rules = ImmutableList.copyOf(rules);
    }

    public enum Modality { TEXT, IMAGE }

    /// @param queries whose rows look
    /// @param keys at whose keys and values they look; text does not look at the image
    /// @param layers of the image side, from 0; a language model's layer counts as the block beside it
    /// @param factor what remains of the gradient, 0 to 1
    public record Rule(Modality queries, Modality keys, Range<Integer> layers, double factor) {
        public Rule {
            checkArgument(queries == Modality.IMAGE || keys == Modality.TEXT, "text never sees the image, got a rule for %s to %s", queries,
                    keys);
            Tokens.checkFactor("factor", factor);
        }

        /// In all layers.
        public Rule(Modality queries, Modality keys, double factor) { this(queries, keys, Range.all(), factor); }

        boolean names(Modality theirQueries, Modality theirKeys, int layer) {
            return queries == theirQueries && keys == theirKeys && layers.contains(layer);
        }
    }

    /// Factors of single text tokens, multiplied with those of their pair.
    ///
    /// @param instruction tokens of an instruction that all captions begin with
    /// @param padding tokens behind the prompt
    /// @param dropped tokens of a caption that was dropped
    @Doc("Factors of single text tokens, multiplied with those of their pair.")
    public record Tokens(
            @Doc("tokens of the prompt's instruction prefix") @Default("1") double instruction,
            @Doc("tokens behind the prompt") @Default("1") double padding,
            @Doc("all tokens of a caption that was dropped") @Default("1") double dropped) {
        public static final Tokens ALL = new Tokens(1, 1, 1);

        public Tokens {
            checkFactor("instruction", instruction);
            checkFactor("padding", padding);
            checkFactor("dropped", dropped);
        }

        /// Here and not outside: the mask's constants need this class to be whole.
        static void checkFactor(String name, double factor) {
            checkArgument(factor >= 0 && factor <= 1, "%s must lie in 0 to 1, but is %s", name, factor);
        }

        double factor(Prompt prompt, int sample, int token) {
            return (token < prompt.instructions_B()[sample] ? instruction : 1) * (token >= prompt.lengths_B()[sample] ? padding : 1)
                    * (prompt.dropped_B()[sample] ? dropped : 1);
        }
    }

    /// Image at text: the flow loss teaches the language model `factor` of what it would.
    public static GradientMask insulateLlm(double factor) { return of(new Rule(Modality.IMAGE, Modality.TEXT, factor)); }

    /// Image at image: of keys and values, the text's alone learn whole.
    public static GradientMask textOnly(double factor) { return of(new Rule(Modality.IMAGE, Modality.IMAGE, factor)); }

    /// Text at text and image at text: of keys and values, the image's alone learn whole.
    public static GradientMask imageOnly(double factor) {
        return of(new Rule(Modality.TEXT, Modality.TEXT, factor), new Rule(Modality.IMAGE, Modality.TEXT, factor));
    }

    public static GradientMask of(Rule... rules) { return new GradientMask(List.of(rules), Tokens.ALL); }

    /// The same pairs with factors of single tokens.
    public GradientMask with(Tokens others) { return new GradientMask(rules, others); }

    /// What is left to mask in the image side where the text was masked before.
    GradientMask ofImage() {
        return new GradientMask(rules.stream().filter(rule -> rule.keys() == Modality.IMAGE).toList(), Tokens.ALL);
    }

    /// How much of the gradient passes from a modality's queries into another's keys and values, but for single tokens' factors.
    public double factor(Modality queries, Modality keys, int layer) {
        return rules.reversed().stream().filter(rule -> rule.names(queries, keys, layer)).findFirst().map(Rule::factor).orElse(1.0);
    }

    /// Whether anything passes from a modality's queries into another's keys and values in layers that no rule names by themselves.
    public boolean lets(Modality queries, Modality keys) {
        return rules.reversed().stream()
                .filter(rule -> rule.queries() == queries && rule.keys() == keys && rule.layers().equals(Range.<Integer>all())).findFirst()
                .map(rule -> rule.factor() > 0).orElse(true);
    }

    /// For a batch of prompts in rows of equal length.
    ///
    /// @param like tells dtype and device
    Gates over(Prompt prompt, Tensor like) {
        return gates(prompt.batch(), prompt.tokens(), IntStream.range(0, prompt.batch()).boxed()
                .flatMapToDouble(b -> IntStream.range(0, prompt.tokens()).mapToDouble(t -> tokens.factor(prompt, b, t))), like);
    }

    /// For the one row that a batch of prompts is packed into. What is behind the last prompt is read by nobody.
    ///
    /// @param x_1SM the embedded row
    Gates overPacked(Prompt prompt, Tensor x_1SM) {
        var real = IntStream.range(0, prompt.batch()).boxed()
                .flatMapToDouble(b -> IntStream.range(0, prompt.lengths_B()[b]).mapToDouble(t -> tokens.factor(prompt, b, t)));
        return gates(1, x_1SM.size(1), DoubleStream.concat(real, DoubleStream.generate(() -> 1)).limit(x_1SM.size(1)), x_1SM);
    }

    private Gates gates(long rows, long width, DoubleStream factors, Tensor like) {
        return tokens.equals(Tokens.ALL) ? new Gates(this, null)
                : TensorScope.scoped(() -> new Gates(this,
                        Tensor.of(factors.toArray(), rows, width, 1).to(like.dtype()).to(like.device())));
    }

    /// @param tokens_BT1 null if all are 1
    record Gates(GradientMask mask, @Nullable Tensor tokens_BT1) implements Tensors {
        GradientGate ofText(int layer) { return new GradientGate(mask.factor(Modality.TEXT, Modality.TEXT, layer), tokens_BT1); }

        GradientGate text(int layer) { return new GradientGate(mask.factor(Modality.IMAGE, Modality.TEXT, layer), tokens_BT1); }

        GradientGate image(int layer) { return new GradientGate(mask.factor(Modality.IMAGE, Modality.IMAGE, layer), null); }

        @Override
        public Stream<Tensor> tensors() { return Stream.ofNullable(tokens_BT1); }
    }
}
