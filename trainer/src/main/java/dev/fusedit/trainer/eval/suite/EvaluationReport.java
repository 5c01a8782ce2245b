package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.trainer.eval.metrics.Estimate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What suites found, and what the images for them cost.
///
/// @param sampled empty where no image was sampled
public record EvaluationReport(Optional<Sampled> sampled, ImmutableList<SuiteReport> suites) {
    static final String HEADLINE = "headline";

    /// @param evaluations passes of the network over each image; a guided one counts as two
    /// @param seconds that sampling and judging took, the model being there
    public record Sampled(SamplingSettings settings, int evaluations, double seconds) {
        private ObjectNode toJson() {
            var json = JsonNodeFactory.instance.objectNode().put("solver", settings.solver().toString()).put("steps", settings.steps())
                    .put("guidance", settings.guidance().factor());
            json.putArray("guidance_interval").add(settings.guidance().at().low()).add(settings.guidance().at().high());
            return json.put("evaluations", evaluations).put("seconds", Math.round(seconds * 10) / 10.0);
        }

        String text() {
            return "%s, %d steps, guidance %s at %s: %d evaluations an image, %.1f s".formatted(settings.solver(), settings.steps(),
                    settings.guidance().factor(), settings.guidance().at(), evaluations, seconds);
        }
    }

    /// How images were sampled, then each suite under its name; `headline`, the few numbers that say most, by suite and number
    /// (`blocks/seen`), and `notes` where there are any.
    public ObjectNode toJson() {
        var json = sampled.map(Sampled::toJson).orElseGet(JsonNodeFactory.instance::objectNode);
        suites.forEach(suite -> json.set(suite.name().key(), suite.json()));
        var headline = headline();
        if (!headline.isEmpty()) {
            var numbers = json.putObject(HEADLINE);
            headline.forEach((name, number) -> numbers.set(name, number.toJson()));
        }
        var notes = suites.stream().filter(suite -> !suite.notes().isEmpty()).toList();
        if (notes.isEmpty()) return json;
        var all = json.putObject("notes");
        notes.forEach(suite -> suite.notes().forEach(all.putArray(suite.name().key())::add));
        return json;
    }

    /// By suite and number: `blocks/seen`, `loss/flow`.
    ImmutableMap<String, Estimate> headline() {
        var numbers = ImmutableMap.<String, Estimate>builder();
        for (var suite : suites) suite.headline().forEach((key, number) -> numbers.put(suite.name().key() + "/" + key, number));
        return numbers.buildOrThrow();
    }

    /// Each suite's tables and notes, and a line of what the images cost.
    @Override
    public String toString() {
        var text = suites.stream().map(SuiteReport::text).collect(Collectors.joining("\n"));
        return sampled.map(cost -> text + "\n" + cost.text()).orElse(text.stripTrailing());
    }

    static EvaluationReport of(Optional<Sampled> sampled, List<SuiteReport> suites) {
        return new EvaluationReport(sampled, ImmutableList.copyOf(suites));
    }
}
