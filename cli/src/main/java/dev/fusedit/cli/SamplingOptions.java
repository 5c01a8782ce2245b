package dev.fusedit.cli;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// How a model samples, where that is to be another way than its own.
final class SamplingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--solver", paramLabel = "SOLVER",
            description = "How a step goes from one noise level to the next: ${COMPLETION-CANDIDATES}. Default: the model's.")
    private @Nullable Solver solver;

    @Option(names = "--steps", paramLabel = "N", description = "Steps from noise to image. Default: the model's.")
    private @Nullable Integer steps;

    @Option(names = "--guidance", paramLabel = "G",
            description = "How much more than without the text; 1 is no guidance. Default: the model's.")
    private @Nullable Double guidance;

    @Option(names = "--guidance-interval", paramLabel = "LOW..HIGH", converter = Levels.class,
            description = "Noise levels, between 0 (the image) and 1 (noise alone), that are guided; elsewhere is half the work. "
                    + "Default: the model's.")
    private @Nullable NoiseRange interval;

    @Option(names = "--batch", paramLabel = "N",
            description = "Images at once at most; fewer where memory does not hold them. Default: the model's.")
    private @Nullable Integer batch;

    /// `0.2..0.8`
    static final class Levels implements ITypeConverter<NoiseRange> {
        private static final Pattern FORM = Pattern.compile("(\\d*\\.?\\d+)\\.\\.(\\d*\\.?\\d+)");

        @Override
        public NoiseRange convert(String value) {
            var form = FORM.matcher(value);
            if (form.matches() && NoiseRange.isOne(Double.parseDouble(form.group(1)), Double.parseDouble(form.group(2)))) {
                return new NoiseRange(Double.parseDouble(form.group(1)), Double.parseDouble(form.group(2)));
            }
            throw new TypeConversionException("'%s' must be two noise levels in order, from 0 to 1, such as 0.2..0.8".formatted(value));
        }
    }

    /// @throws dev.fusedit.torch.UserError for a number that is none
    void check() {
        OptionBounds.check("--steps", Bound.SOLVER_STEPS, steps);
        OptionBounds.check("--batch", Bound.BATCH, batch);
        OptionBounds.check("--guidance", Bound.GUIDANCE, guidance);
    }

    /// Whether any of these was given.
    boolean isGiven() { return solver != null || steps != null || guidance != null || interval != null || batch != null; }

    /// What was given, else as usual.
    SamplingSettings over(SamplingSettings usual) {
        var guided =
                new Guidance(guidance != null ? guidance : usual.guidance().factor(), interval != null ? interval : usual.guidance().at());
        if (interval != null && !guided.isOn()) {
            throw new ParameterException(spec.commandLine(),
                    "--guidance-interval has no effect without guidance, which is %s: give --guidance too".formatted(guided.factor()));
        }
        return new SamplingSettings(usual.height(), usual.width(), solver != null ? solver : usual.solver(), orElse(steps, usual.steps()),
                guided, orElse(batch, usual.batch()), usual.longest());
    }

    static int orElse(@Nullable Integer given, int otherwise) { return given != null ? given : otherwise; }
}
