package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Range;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Gradient-masked attention: what of attention's gradients passes into keys and values, by who looks at whom.
///
/// @param rules where several name the same, the last one holds; what none names passes whole
public record GradientMask(List<Rule> rules, Tokens tokens) {
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
            checkFactor(factor);
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
    public record Tokens(double instruction, double padding, double dropped) {
        public static final Tokens ALL = new Tokens(1, 1, 1);

        public Tokens {
            checkFactor(instruction);
            checkFactor(padding);
            checkFactor(dropped);
        }

        double factor(Prompt prompt, int sample, int token) {
            return (token < prompt.instructions_B()[sample] ? instruction : 1) * (token >= prompt.lengths_B()[sample] ? padding : 1)
                    * (prompt.dropped_B()[sample] ? dropped : 1);
        }
    }

    private static void checkFactor(double factor) {
        checkArgument(factor >= 0 && factor <= 1, "a gradient's factor must be 0 to 1, got %s", factor);
    }

    public static GradientMask insulateLlm(double factor) { return of(new Rule(Modality.IMAGE, Modality.TEXT, factor)); }

    public static GradientMask textOnly(double factor) { return of(new Rule(Modality.IMAGE, Modality.IMAGE, factor)); }

    public static GradientMask imageOnly(double factor) {
        return of(new Rule(Modality.TEXT, Modality.TEXT, factor), new Rule(Modality.IMAGE, Modality.TEXT, factor));
    }

    public static GradientMask of(Rule... rules) { return new GradientMask(List.of(rules), Tokens.ALL); }

    /// The same pairs with factors of single tokens.
    public GradientMask with(Tokens others) { return new GradientMask(rules, others); }

    /// What is left for the image side where the text's gradients were masked before.
    GradientMask ofImage() {
        return new GradientMask(rules.stream().filter(rule -> rule.keys() == Modality.IMAGE).toList(), Tokens.ALL);
    }

    public double factor(Modality queries, Modality keys, int layer) {
        return rules.reversed().stream().filter(rule -> rule.names(queries, keys, layer)).findFirst().map(Rule::factor).orElse(1.0);
    }

    /// For a batch of prompts.
    ///
    /// @param like tells dtype and device
    Gates over(Prompt prompt, Tensor like) {
        if (tokens.equals(Tokens.ALL)) {
            return new Gates(this, null);
        }
        int batch = prompt.batch(), width = prompt.tokens();
        var factors = new float[batch * width];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) tokens.factor(prompt, i / width, i % width);
        }
        return TensorScope.scoped(() -> new Gates(this, Tensor.of(factors, batch, width, 1).to(like.dtype()).to(like.device())));
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
