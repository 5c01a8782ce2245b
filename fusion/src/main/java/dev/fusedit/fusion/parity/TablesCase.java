package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.dit.PatchEmbedding;
import dev.fusedit.fusion.dit.SineTable;
import dev.fusedit.fusion.dit.TimeEmbedding;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The building blocks alone. Their sizes are in the tensors' names.
record TablesCase(Expected expected, Device device) {
    private static final Set<String> INPUTS =
            Set.of("mask.prompt", "rotary.positions", "rms_norm.in", "rms_norm.weight", "time_proj.in", "unpatchify.in",
                    "weighting.sigmas");
    private static final double NORM_EPS = 1e-6;

    /// By its name, or by its tensors, whatever it is called.
    static boolean is(Case here) {
        return here.has("expected.safetensors") && !here.has("config.json") && !here.has("expected.json")
                && (here.name().equals("tables") || holdsInputs(here));
    }

    private static boolean holdsInputs(Case here) {
        try (var file = SafeTensors.open(here.file("expected.safetensors"))) {
            return file.entries().keySet().stream().anyMatch(INPUTS::contains);
        }
    }

    static CaseResult run(Case files) {
        try (var file = SafeTensors.open(files.file("expected.safetensors"))) {
            var here = new TablesCase(new Expected(file, name -> !INPUTS.contains(name), files.device()), files.device());
            here.each("rotary\\.dim(\\d+)\\.theta(\\d+)\\.cos", here::rotary);
            here.each("scheduler\\.shift([\\d.]+)\\.sigmas", here::schedule);
            here.each("sincos\\.dim(\\d+)\\.max(\\d+)\\.sample(\\d+)\\.patch(\\d+)", here::sines);
            here.each("sincos_cropped\\.dim(\\d+)\\.max(\\d+)\\.sample(\\d+)\\.patch(\\d+)\\.h(\\d+)w(\\d+)", here::croppedSines);
            here.each("unpatchify\\.out\\.h(\\d+)w(\\d+)p(\\d+)", here::unpatchify);
            here.each("weighting\\.(\\w+)", here::weighting);
            here.each("mask\\.(\\w.*)", here::mask);
            here.expected.compare("time_proj.out", TimeEmbedding.waves(here.expected.read("time_proj.in")), Tolerance.TAP);
            here.norms();
            return here.expected.result(files.name());
        }
    }

    @FunctionalInterface
    private interface Check {
        void of(MatchResult match);
    }

    private void each(String pattern, Check check) {
        var compiled = Pattern.compile(pattern);
        expected.names().stream().filter(name -> !INPUTS.contains(name)).map(compiled::matcher).filter(java.util.regex.Matcher::matches)
                .forEach(check::of);
    }

    private static int number(MatchResult match, int group) { return Integer.parseInt(match.group(group)); }

    private void rotary(MatchResult match) {
        var width = number(match, 1);
        var positions = expected.values("rotary.positions");
        var frequencies = RotaryEmbedding.frequencies(width, number(match, 2));
        var angles = new float[positions.length * width];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = (float) positions[i / width] * frequencies[i % frequencies.length];
        }
        var table = RotaryEmbedding.of(angles, 1, positions.length, width, device);
        expected.compare(match.group(), table.cos(), Tolerance.OUTPUT);
        expected.compare(match.group().replace(".cos", ".sin"), table.sin(), Tolerance.OUTPUT);
    }

    private void schedule(MatchResult match) {
        var table = FlowMatchScheduler.shifted(Double.parseDouble(match.group(1))).training();
        expected.compare(match.group(), doubles(table.sigmas()), Tolerance.LOSS);
        expected.compare(match.group().replace("sigmas", "timesteps"), doubles(table.timesteps()), Tolerance.LOSS);
    }

    static double[] doubles(float[] values) {
        var result = new double[values.length];
        Arrays.setAll(result, i -> values[i]);
        return result;
    }

    private void sines(MatchResult match) {
        expected.compare(match.group(), SineTable.of(number(match, 1), number(match, 2), number(match, 3) / number(match, 4)),
                Tolerance.OUTPUT);
    }

    private void croppedSines(MatchResult match) {
        var table = SineTable.of(number(match, 1), number(match, 2), number(match, 3) / number(match, 4));
        expected.compare(match.group(),
                PatchEmbedding.crop(table, number(match, 5) / number(match, 4), number(match, 6) / number(match, 4)), Tolerance.OUTPUT);
    }

    private void unpatchify(MatchResult match) {
        expected.compare(match.group(),
                PatchEmbedding.unpatchify(expected.read("unpatchify.in"), number(match, 1), number(match, 2), number(match, 3)),
                Tolerance.EXACT);
    }

    private void weighting(MatchResult match) {
        var weighting = TransformerTraining.weighting(match.group(1));
        expected.compare(match.group(), Arrays.stream(expected.values("weighting.sigmas")).map(weighting::weight).toArray(),
                Tolerance.LOSS);
    }

    private void norms() {
        var norm = new RmsNorm(expected.read("rms_norm.weight"), NORM_EPS);
        var x = expected.read("rms_norm.in");
        expected.compare("rms_norm.out", norm.apply(x), Tolerance.OUTPUT);
        expected.compare("rms_norm.out_bf16", norm.apply(x.to(DType.BF16)), Tolerance.BF16);
    }

    /// The reference's dense masks. No model here builds them; they are written out by the rule that ours follow: a token sees real tokens
    /// up to itself, the image sees real tokens and itself.
    private void mask(MatchResult match) {
        var shape = expected.shape("mask.prompt");
        var real = expected.values("mask.prompt");
        var size = expected.shape(match.group());
        int batch = (int) size[0], queries = (int) size[2], keys = (int) size[3], tokens = (int) shape[1];
        var textRows = match.group(1).startsWith("self") && !match.group(1).endsWith("cached") ? tokens : 0;
        var values = new double[batch * queries * keys];
        for (int i = 0; i < values.length; i++) {
            int b = i / (queries * keys), query = i / keys % queries, key = i % keys;
            var seen = key < tokens ? real[b * tokens + key] != 0 && (query >= textRows || key <= query) : query >= textRows;
            values[i] = seen ? 0 : -Float.MAX_VALUE;
        }
        expected.compare(match.group(), values, Tolerance.EXACT);
    }
}
