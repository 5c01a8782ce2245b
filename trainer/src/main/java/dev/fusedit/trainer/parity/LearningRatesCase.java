package dev.fusedit.trainer.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.parity.Case;
import dev.fusedit.fusion.parity.Expected;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.parity.Tolerance;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.optim.LearningRates;
import java.util.stream.IntStream;

/// Learning rates by name, step by step.
final class LearningRatesCase {
    private LearningRatesCase() {}

    static boolean is(Case here) { return here.has("lr.json"); }

    static CaseResult run(Case files) {
        var expected = new Expected();
        var cases = files.json("lr.json").path("cases");
        for (int i = 0; i < cases.size(); i++) {
            var settings = cases.get(i);
            var rates = rates(settings);
            var run = new LearningRates.Run(settings.path("num_warmup_steps").asLong(), settings.path("num_training_steps").asLong(),
                    settings.path("base_lr").asDouble());
            var wanted = settings.path("lr").valueStream().mapToDouble(JsonNode::doubleValue).toArray();
            expected.compareNumbers("%s (case %s)".formatted(settings.path("name").asText(), i),
                    IntStream.range(0, wanted.length).mapToDouble(step -> rates.at(step, run)).toArray(), wanted, Tolerance.CLOSEST);
        }
        return expected.result(files.name());
    }

    private static LearningRates rates(JsonNode settings) {
        var name = settings.path("name").asText();
        return switch (name) {
            case "constant" -> new LearningRates.Constant();
            case "constant_with_warmup" -> new LearningRates.ConstantWithWarmup();
            case "piecewise_constant" -> LearningRates.PiecewiseConstant.of(settings.path("step_rules").asText());
            case "linear" -> new LearningRates.Linear();
            case "cosine" -> new LearningRates.Cosine(settings.path("num_cycles").asDouble(LearningRates.Cosine.HALF_A_WAVE));
            case "cosine_with_restarts" -> new LearningRates.CosineWithRestarts(settings.path("num_cycles").asInt(1));
            case "polynomial" -> new LearningRates.Polynomial(settings.path("power").asDouble(1),
                    settings.path("lr_end").asDouble(LearningRates.Polynomial.USUAL_END));
            default -> throw new UserError("lr.json: no schedule is named '%s'".formatted(name));
        };
    }
}
