package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A language model alone: hidden states of every layer, with the family's cap on scores (`eager`) and without (`sdpa`).
///
/// Computed twice: our way, padding left out, for the real tokens; and with padding. Rows of it that see no real token through a layer's
/// window attend to everything evenly, as a finite mask has it. The library's newer versions leave them to the attention kernel where they
/// call one (`sdpa` with the library's own mask); what those rows hold then is an accident, and not compared. Which version it was shows:
/// with an even one, all rows of some state behind a window agree, and a state that does not is wrong.
record LlmCase(Case files, Expected expected) {
    /// They differ in the form of their mask alone.
    private static final List<String> CALLS = List.of("ref4d.", "mask2d.");

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

    private void compare(String way, boolean softcapped) {
        if (expected.names().stream().noneMatch(name -> name.startsWith(way))) {
            return;
        }
        var json = files.json("config.json");
        var config = LanguageConfigs.read(json, files.file("config.json").toString()).withSoftcap(softcapped);
        try (var loaded = LanguageModels.read(files.file("weights.safetensors"), config, json.has("text_config"), files.policy());
                var _ = TensorScope.open()) {
            var ids = expected.rows("input_ids");
            var mask = expected.rows("attention_mask");
            var lengths = Arrays.stream(mask).mapToInt(row -> (int) Arrays.stream(row).sum()).toArray();
            compare(way, loaded.model(), Prompt.masked(ids, mask), lengths);
            compare(way, loaded.model(), Prompt.padded(ids, lengths), null);
        }
    }

    /// @param real rows to compare, of each sample the first ones; null for all but what is an accident
    private void compare(String way, LanguageModel model, Prompt prompt, int @Nullable [] real) {
        var last = new ArrayList<double[]>();
        var all = model.hiddenStates(prompt, (name, value) -> {
            if (name.equals("llm.layer." + (model.config().layers() - 1))) {
                last.add(Expected.numbers(value)); // the tensor is freed after this call
            }
        });
        var states = new ArrayList<State>();
        for (int i = 0; i < all.size(); i++) {
            states.add(new State("hidden_states." + i, all.get(i), Math.min(i, model.config().layers())));
        }
        states.add(new State("last_layer_prenorm", Tensor.of(last.getLast(), all.getLast().shape()), model.config().layers()));
        var every = prompt.lengths_B().clone();
        Arrays.fill(every, prompt.tokens());
        for (var call : CALLS) {
            var prefix = way + call;
            var windowed = states.stream().filter(state -> isBehindWindow(model, state)).toList();
            var even = !prefix.equals("sdpa.mask2d.") || windowed.stream()
                    .anyMatch(state -> expected.agreeRows(prefix + state.name, state.value_BTM, every, Tolerance.OUTPUT));
            for (var state : states) {
                var rows = real != null ? real : even || !windowed.contains(state) ? every : seeing(model, prompt);
                expected.compareRows(prefix + state.name, state.value_BTM, rows, Tolerance.OUTPUT);
            }
        }
    }

    /// @param depth layers that made it
    private record State(String name, Tensor value_BTM, int depth) {}

    private static boolean isBehindWindow(LanguageModel model, State state) {
        return IntStream.range(0, state.depth).anyMatch(model.config().family().windows()::has);
    }

    /// Rows that see a real token in every layer.
    private static int[] seeing(LanguageModel model, Prompt prompt) {
        var reach = model.config().family().windows().size() - 1;
        return Arrays.stream(prompt.lengths_B()).map(length -> Math.min(prompt.tokens(), length + reach)).toArray();
    }
}
