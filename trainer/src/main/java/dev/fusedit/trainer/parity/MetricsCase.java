package dev.fusedit.trainer.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.parity.Case;
import dev.fusedit.fusion.parity.Expected;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.parity.Tolerance;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.eval.metrics.ClipScore;
import dev.fusedit.trainer.eval.metrics.Diversity;
import dev.fusedit.trainer.eval.metrics.Dpg;
import dev.fusedit.trainer.eval.metrics.FeatureStatistics;
import dev.fusedit.trainer.eval.metrics.GenEval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/// Distances, scores and sums of evaluation.
record MetricsCase(JsonNode json, Expected expected) {
    static boolean is(Case here) {
        return here.has("expected.json") ? here.json("expected.json").has("frechet") : here.has("features.safetensors");
    }

    /// Statistics of features are compared, those without features are given.
    static CaseResult run(Case files) {
        try (var file = SafeTensors.open(files.file("features.safetensors")); var _ = TensorScope.open()) {
            var here = new MetricsCase(files.json("expected.json"),
                    new Expected(file, name -> name.matches("(mu|sigma)\\..*") && file.contains("feat." + name.split("\\.", 2)[1])));
            here.where("frechet", here::frechet);
            here.where("clip_score", here::clip);
            here.where("diversity", here::diversity);
            here.where("geneval", here::genEval);
            here.where("dpg", here::dpg);
            return here.expected.result(files.name());
        }
    }

    private void where(String metric, Runnable compare) {
        if (json.has(metric)) {
            compare.run();
        }
    }

    private void same(String name, double actual, JsonNode wanted) {
        expected.compareNumbers(name, new double[] {actual}, new double[] {wanted.asDouble(Double.NaN)}, Tolerance.RELATIVE);
    }

    private static double[] numbers(JsonNode list) { return list.valueStream().mapToDouble(JsonNode::asDouble).toArray(); }

    /// All distances at once: those that are 0 have the digits that the others have.
    private void frechet() {
        var pairs = json.path("frechet");
        var distances = pairs.valueStream()
                .mapToDouble(pair -> statistics(pair.path("x").asText()).frechetDistance(statistics(pair.path("y").asText()))).toArray();
        for (var key : List.of("value", "value_symmetric_eigen")) {
            expected.compareNumbers("frechet." + key, distances,
                    pairs.valueStream().mapToDouble(pair -> pair.path(key).asDouble()).toArray(),
                    Tolerance.RELATIVE);
        }
    }

    private FeatureStatistics statistics(String name) {
        if (!expected.has("feat." + name)) {
            return new FeatureStatistics(expected.read("mu." + name), expected.read("sigma." + name));
        }
        var computed = FeatureStatistics.of(expected.read("feat." + name));
        expected.compare("mu." + name, computed.mean().toDoubles(), Tolerance.RELATIVE);
        expected.compare("sigma." + name, computed.covariance().toDoubles(), Tolerance.RELATIVE);
        return computed;
    }

    private void clip() {
        var wanted = json.path("clip_score");
        var score = ClipScore.of(expected.read("clip.image"), expected.read("clip.text"));
        expected.compareNumbers("clip_score.cosine", score.cosines(), numbers(wanted.path("cosine")), Tolerance.RELATIVE);
        expected.compareNumbers("clip_score.w2.5_per_pair", score.weighted(), numbers(wanted.path("w2.5_per_pair")), Tolerance.RELATIVE);
        same("clip_score.w2.5_mean", score.weightedMean(), wanted.path("w2.5_mean"));
        same("clip_score.x100", score.percent(), wanted.path("x100_mean_clamped_after_mean"));
    }

    private void diversity() {
        for (var wanted : json.path("diversity")) {
            var name = wanted.path("features").asText();
            var found = Diversity.of(expected.read("feat." + name));
            same("diversity.vendi." + name, found.vendi(), wanted.path("vendi_cosine"));
            same("diversity.cosine." + name, found.meanCosine(), wanted.path("mean_pairwise_cosine"));
            same("diversity.distance." + name, found.meanDistance(), wanted.path("mean_pairwise_cosine_distance"));
        }
        var limits = json.path("diversity_limits");
        same("diversity.equal", Diversity.of(Tensor.ones(DType.F64, 5, 5)).vendi(), limits.path("five_equal_vectors"));
        same("diversity.orthogonal", Diversity.of(Tensor.eye(5, DType.F64)).vendi(), limits.path("five_orthogonal_vectors"));
    }

    private void genEval() {
        var wanted = json.path("geneval");
        var found = GenEval.of(wanted.path("records").valueStream()
                .map(r -> new GenEval.Verdict(r.path("tag").asText(), r.path("metadata").asText(), r.path("correct").asBoolean()))
                .toList());
        same("geneval.images", found.images(), wanted.path("images"));
        same("geneval.prompts", found.prompts(), wanted.path("prompts"));
        same("geneval.correct_images", found.correctImages(), wanted.path("correct_images"));
        same("geneval.correct_prompts_any", found.correctPrompts(), wanted.path("correct_prompts_any"));
        same("geneval.overall", found.overall(), wanted.path("overall"));
        shares("geneval.by_tag", found.byTag(), wanted.path("by_tag"), 1);
    }

    private void shares(String name, Map<String, Double> found, JsonNode wanted, double scale) {
        var numbers = new TreeMap<String, Double>();
        wanted.properties().forEach(entry -> numbers.put(entry.getKey(), entry.getValue().asDouble()));
        expected.check(name + " has the same groups", numbers.keySet().equals(found.keySet()));
        numbers.forEach(
                (group, number) -> expected.compareNumbers(name + "." + group, new double[] {scale * found.getOrDefault(group, Double.NaN)},
                        new double[] {number}, Tolerance.RELATIVE));
    }

    private void dpg() {
        var wanted = json.path("dpg");
        var items = new ArrayList<Dpg.Item>();
        for (var item : wanted.path("items")) {
            items.add(new Dpg.Item(questions(item.path("questions")), item.path("answers_per_crop").valueStream().map(MetricsCase::answers)
                    .toList()));
            var name = "dpg." + item.path("item").asText();
            expected.compareNumbers(name + ".score_per_crop", items.getLast().scores().stream().mapToDouble(score -> score).toArray(),
                    numbers(item.path("score_per_crop")), Tolerance.RELATIVE);
            same(name + ".score", items.getLast().score(), item.path("score"));
        }
        same("dpg.score_x100", 100 * Dpg.score(items), wanted.path("score_x100"));
        shares("dpg.l2_x100", Dpg.categories(items), wanted.path("l2_x100"), 100);
        shares("dpg.l1_x100", Dpg.kinds(items), wanted.path("l1_x100"), 100);
    }

    private static List<Dpg.Question> questions(JsonNode json) {
        return json.properties().stream().map(entry -> new Dpg.Question(Integer.parseInt(entry.getKey()),
                StreamSupport.stream(entry.getValue().path("dependency").spliterator(), false).map(JsonNode::asInt).toList(),
                entry.getValue().path("tuple").asText().split("\\(", 2)[0].strip())).toList();
    }

    private static Map<Integer, Boolean> answers(JsonNode json) {
        var answers = new LinkedHashMap<Integer, Boolean>();
        json.properties().forEach(entry -> answers.put(Integer.parseInt(entry.getKey()), entry.getValue().asBoolean()));
        return answers;
    }
}
