package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.dit.TextDiT;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.pipeline.GeneratedImages;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.PooledText;
import dev.fusedit.fusion.pipeline.TextToImagePipeline;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.TensorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A whole way from prompts to images, by a fused model, one with CLIP, or a baseline; and one training step. The autoencoder and the
/// list of words lie beside the case.
///
/// Ours is the uncached result. The reference's cached one forgets the prompt's length in rotary positions; told the same, ours gives its
/// numbers.
final class PipelineCase implements AutoCloseable {
    private static final String RUN = "io";
    private final Case files;
    private final JsonNode config;
    private final List<Weights> weights = new ArrayList<>();
    private final ImageModel model;
    private final AutoencoderKL vae;
    private final Tokenizer tokenizer;

    private PipelineCase(Case files) {
        this.files = files;
        this.config = files.json("config.json");
        try {
            this.model = model();
            this.vae = vae();
            this.tokenizer = words(shared(files).json("tokenizer.json"));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    static boolean is(Case here) {
        return here.configHas("transformer") && here.configHas("runs");
    }

    /// True for the folder of the autoencoder that pipelines' cases share: a part of them, not a case.
    static boolean isAutoencoderBeside(Case here) {
        return here.name().equals("vae") && here.has("config.json") && !here.has("io.safetensors") && shared(here).has("tokenizer.json");
    }

    private static Case shared(Case files) { return new Case(files.folder().toAbsolutePath().normalize().getParent(), files.device()); }

    static CaseResult run(Case files) {
        try (var here = new PipelineCase(files)) {
            var results = new ArrayList<CaseResult>();
            for (var run : here.config.path("runs").properties()) {
                var name = run.getKey().isEmpty() ? RUN : RUN + "_" + run.getKey();
                try (var file = SafeTensors.open(files.file(name + ".safetensors")); var _ = Autograd.noGrad()) {
                    results.add(here.generate(
                            new Expected(file, key -> !key.equals("initial_latents") && !key.endsWith("clip_input_ids"), files.device()),
                            run.getValue()).result(name));
                }
            }
            if (here.config.has("train_step") || files.has("train_step.safetensors")) {
                results.add(PipelineTraining.run(files, here.config, here.model, here.vae, here.weights.getFirst()));
            }
            return CaseResult.of(files.name(), results);
        }
    }

    @Override
    public void close() { weights.forEach(Weights::close); }

    // ---- parts

    private Weights stored(Case folder, String name, UnaryOperator<TensorSource> named, List<TensorSource> open) {
        var file = SafeTensors.open(folder.file(name));
        open.add(file);
        var all = Weights.stored(named.apply(file), files.policy());
        weights.add(all);
        return all;
    }

    private <T> T built(java.util.function.Function<List<TensorSource>, T> build) {
        var open = new ArrayList<TensorSource>();
        try {
            var first = weights.size();
            var result = build.apply(open);
            weights.subList(first, weights.size()).forEach(Weights::requireComplete);
            return result;
        } finally {
            open.forEach(TensorSource::close);
        }
    }

    private ImageModel model() {
        var where = files.file("config.json").toString();
        var transformer = config.path("transformer");
        return built(open -> {
            var own = stored(files, "weights.safetensors", file -> file, open);
            if (!config.path("kind").asText().equals("DiT")) {
                return FuseDiT.of(ModelConfigJson.fused(transformer, where), own);
            }
            var settings = ModelConfigJson.baseline(transformer, where);
            var text = settings.text().withSoftcap(config.path("llm_attention").asText().equals("eager"));
            return TextDiT.of(settings, own, LanguageModel.of(text, stored(files, "llm.safetensors", file -> file, open)));
        });
    }

    private AutoencoderKL vae() {
        var folder = new Case(shared(files).folder().resolve("vae"), files.device());
        if (!folder.has("config.json")) {
            throw new UserError("%s: the autoencoder of the pipelines' cases is not there".formatted(folder.folder()));
        }
        return built(open -> AutoencoderKL.of(AutoencoderConfig.of(folder.json("config.json"), folder.file("config.json").toString()),
                stored(folder, "weights.safetensors", AutoencoderKL::named, open)));
    }

    /// Words between blanks, numbered from 3 on behind bos (2).
    private static Tokenizer words(JsonNode json) {
        var words = json.path("words").valueStream().map(JsonNode::textValue).toList();
        return (text, longest) -> {
            var ids = new ArrayList<Integer>(List.of(2));
            for (var word : text.strip().split("\\s+")) {
                if (!word.isEmpty()) {
                    ids.add(3 + words.indexOf(word));
                }
            }
            return ids.stream().limit(longest).mapToInt(Integer::intValue).toArray();
        };
    }

    private @Nullable PooledText pooled(Expected expected, List<String> rows) {
        if (!config.has("clip") && !files.has("clip.safetensors")) {
            return null;
        }
        var ids = expected.rows("nocache.clip_input_ids");
        var clip = built(open -> ClipTextModel.of(ClipTextConfig.of(config.path("clip"), files.file("config.json").toString()),
                stored(files, "clip.safetensors", ClipTextModel::named, open)));
        expected.compare("nocache.text_modulation_embeds", clip.forward(ids).embeds_BO(), Tolerance.TAP);
        return new PooledText(clip, (text, _) -> Arrays.stream(ids[rows.indexOf(text)]).mapToInt(Math::toIntExact).toArray(), 0);
    }

    // ---- one run

    private Expected generate(Expected expected, JsonNode run) {
        try (var _ = TensorScope.open()) {
            var rows = run.path("rows").valueStream().map(JsonNode::textValue).toList();
            var instruction = new Instruction(run.path("instruction").asText());
            compareText(expected, rows, instruction.longest(tokenizer, run.path("max_len").asInt()));
            var request = request(run, rows, instruction).latents(expected.read("initial_latents"));
            var pooled = pooled(expected, rows);
            generate(expected, "nocache.", pipeline(pooled, false), request);
            generate(expected, "cache.", pipeline(pooled, model.config().isDeep()), request);
            return expected;
        }
    }

    private ImageRequest request(JsonNode run, List<String> rows, Instruction instruction) {
        var prompts = run.path("prompts").valueStream().map(JsonNode::textValue).toArray(String[]::new);
        return ImageRequest.of(run.path("size").path(0).asInt(), run.path("size").path(1).asInt(), prompts).negative(rows.getFirst())
                .each(run.path("npp").asInt(1)).steps(run.path("steps").asInt()).guidance(run.path("guidance").asDouble())
                .longest(run.path("max_len").asInt()).instruction(instruction);
    }

    private TextToImagePipeline pipeline(@Nullable PooledText pooled, boolean forgets) {
        return new TextToImagePipeline(model, tokenizer, pooled, vae, scheduler(files, config), new Prediction.Velocity(), forgets);
    }

    static FlowMatchScheduler scheduler(Case files, JsonNode config) {
        return SchedulerConfigs.scheduler(config.path("scheduler"), files.file("config.json") + ": scheduler");
    }

    private void generate(Expected expected, String way, TextToImagePipeline pipeline, ImageRequest request) {
        if (expected.names().stream().noneMatch(name -> name.startsWith(way + "final"))) {
            return;
        }
        var sampled = pipeline.generate(request,
                (_, step) -> expected.compare(way + "latents_after_step" + (step.number() + 1), step.latents(), Tolerance.LATENT));
        expected.compare(way + "final_latents", sampled.latents_BCHW(), Tolerance.LATENT);
        expected.compare(way + "image01", sampled.pixels_B3HW(), Tolerance.LATENT);
        expected.compare(way + "image_u8", bytes(sampled), Tolerance.STEP);
    }

    private static double[] bytes(GeneratedImages images) {
        if (images.pixels_B3HW().device().isMeta()) {
            return Expected.numbers(images.pixels_B3HW());
        }
        var bytes = new double[(int) images.pixels_B3HW().numel()];
        int at = 0;
        for (var image : images.bytes()) {
            for (var value : image) {
                bytes[at++] = value & 0xff;
            }
        }
        return bytes;
    }

    private void compareText(Expected expected, List<String> rows, int longest) {
        var width = (int) expected.shape("input_ids")[1];
        var ids = rows.stream().map(row -> tokenizer.encode(row, longest)).toList();
        var padded = ids.stream().map(row -> Arrays.stream(Arrays.copyOf(row, width)).asLongStream().toArray()).toArray(long[][]::new);
        var lengths = ids.stream().mapToInt(row -> row.length).toArray();
        expected.compare("input_ids", Arrays.stream(padded).flatMapToLong(Arrays::stream).asDoubleStream().toArray(), Tolerance.EXACT);
        expected.compare("attention_mask", ids.stream().flatMapToDouble(row -> java.util.stream.IntStream.range(0, width)
                .mapToDouble(i -> i < row.length ? 1 : 0)).toArray(), Tolerance.EXACT);
        if (!model.config().isDeep()) {
            var windows = model.config().text().family().windows();
            var reach = windows.layers().isEmpty() ? width : windows.size() - 1;
            model.text(Prompt.padded(padded, lengths), false, (name, value) -> {
                if (name.equals("text.selected")) {
                    expected.compareRows("nocache.text_hidden_states", value,
                            Arrays.stream(lengths).map(length -> Math.min(width, length + reach)).toArray(), Tolerance.TAP);
                }
            });
        }
    }
}
