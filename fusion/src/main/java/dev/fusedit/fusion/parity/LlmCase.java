package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.nn.Placement;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;

/// A language model alone: hidden states of every layer, with the family's cap on scores (`eager`) and without (`sdpa`).
///
/// Computed twice: our way, padding left out, for the real tokens; and with padding for those rows of it that still see a real token
/// through every layer's window. What the rest of the rows holds is the library's accident, and not compared.
record LlmCase(Case files, Expected expected) {
    static boolean is(Case here) {
        return here.configHas("model_type") && (!here.has("io.safetensors") || holdsStates(here));
    }

    private static boolean holdsStates(Case here) {
        try (var file = SafeTensors.open(here.file("io.safetensors"))) {
            return file.contains("input_ids") && file.entries().keySet().stream().anyMatch(LlmCase::isState);
        }
    }

    private static boolean isState(String name) { return name.contains(".hidden_states."); }

    static CaseResult run(Case files) {
        try (var file = SafeTensors.open(files.file("io.safetensors"))) {
            var here = new LlmCase(files, new Expected(file, name -> !name.equals("input_ids") && !name.equals("attention_mask")));
            try (var _ = Autograd.noGrad()) {
                here.compare("eager.", true);
                here.compare("sdpa.", false);
            }
            return here.expected.result(files.name());
        }
    }

    private void compare(String way, boolean capped) {
        if (expected.names().stream().noneMatch(name -> name.startsWith(way))) {
            return;
        }
        var json = files.json("config.json");
        var config = LanguageConfigs.read(json, files.file("config.json").toString()).withSoftCap(capped);
        try (var loaded = LanguageModels.read(files.file("weights.safetensors"), config, json.has("text_config"), Placement.F32);
                var _ = TensorScope.open()) {
            var ids = expected.rows("input_ids");
            var mask = expected.rows("attention_mask");
            var lengths = Arrays.stream(mask).mapToInt(row -> (int) Arrays.stream(row).sum()).toArray();
            compare(way, loaded.model(), Prompt.masked(ids, mask), lengths);
            var reach = config.family().windows().layers().isEmpty() ? ids[0].length : config.family().windows().size() - 1;
            compare(way, loaded.model(), Prompt.padded(ids, lengths),
                    Arrays.stream(lengths).map(length -> Math.min(ids[0].length, length + reach)).toArray());
        }
    }

    private void compare(String way, LanguageModel model, Prompt prompt, int[] rows) {
        var all = model.hiddenStates(prompt, (name, value) -> {
            if (name.equals("llm.layer." + (model.config().layers() - 1))) {
                compare(way, "last_layer_prenorm", value, rows);
            }
        });
        for (int i = 0; i < all.size(); i++) {
            compare(way, "hidden_states." + i, all.get(i), rows);
        }
    }

    /// The two calls differ in the form of their mask alone.
    private void compare(String way, String name, Tensor value, int[] rows) {
        expected.compareRows(way + "ref4d." + name, value, rows, Tolerance.OUTPUT);
        expected.compareRows(way + "mask2d." + name, value, rows, Tolerance.OUTPUT);
    }
}
