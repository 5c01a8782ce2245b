package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/// What an evaluation found, read again from its folder: `eval.json`.
public record EvaluationFile(ObjectNode json) {
    public static final String NAME = "eval.json";
    /// How many samples a suite was to take, in its block.
    static final String ASKED = "asked";

    /// Empty where no evaluation left one.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be read
    public static Optional<EvaluationFile> in(Path folder) {
        var file = folder.resolve(NAME);
        return Files.isRegularFile(file) ? Optional.of(new EvaluationFile(JsonFile.object(file, "Delete it, and evaluate again")))
                : Optional.empty();
    }

    /// The few numbers that say most, by suite and number (`geneval/overall`), each as [dev.fusedit.trainer.eval.metrics.Estimate#toJson].
    public ImmutableMap<String, ObjectNode> headline() {
        var numbers = ImmutableMap.<String, ObjectNode>builder();
        json.path(EvaluationReport.HEADLINE).properties().forEach(number -> {
            if (number.getValue() instanceof ObjectNode of) numbers.put(number.getKey(), of);
        });
        return numbers.buildOrThrow();
    }

    /// Whether it holds the losses and the consistency of so many samples of that place, as `eval --suite loss,consistency` has them.
    ///
    /// @param samples the suites' own numbers if left out
    /// @param captioned the built-in data if left out
    public boolean hasLosses(OptionalInt samples, Optional<Path> captioned) {
        int losses = samples.orElse(LossSuite.USUAL_SAMPLES), pairs = samples.orElse(ConsistencySuite.USUAL_SAMPLES);
        var loss = json.path("loss");
        var consistency = json.path("consistency");
        return loss.path("data").asText().equals(captioned.map(Path::toString).orElse(CaptionedImages.BUILT_IN))
                && loss.path(ASKED).asInt(loss.path("samples").asInt()) == losses // files of older versions do not say what was asked for
                && consistency.isObject() && consistency.path(ASKED).asInt(pairs) == pairs;
    }
}
