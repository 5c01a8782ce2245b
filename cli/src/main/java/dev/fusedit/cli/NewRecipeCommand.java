package dev.fusedit.cli;

import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.torch.UserError;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.trainer.data.source.SourcePlaces;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.recipe.NewRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "new", description = {"Writes a commented recipe that fits a folder of captioned images, tar files or Parquet files.",
    "What cannot be trained on is told; 'data audit' lists all of it."})
final class NewRecipeCommand implements Callable<Integer> {
    private static final int LARGE = 64;
    private static final int SMALL = 32;

    @Spec
    private CommandSpec spec;

    @Option(names = "--from", required = true, paramLabel = "SOURCE",
            description = "A folder of images with captions, of tar files or of Parquet files, or what else 'data audit' takes.")
    private String place;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The recipe.")
    private Path out;

    @Mixin
    private PipeOption pipes;

    @Option(names = "--llm", paramLabel = "PLACE",
            description = "A published language model: its folder in Hugging Face's form, or a GGUF file. Default: a small one that learns from "
                    + "scratch.")
    private @Nullable Path llm;

    @Option(names = "--tokenizer", paramLabel = "PLACE", description = "Of --llm, where it does not lie in its folder.")
    private @Nullable Path tokenizer;

    @Option(names = "--size", paramLabel = "PIXELS",
            description = "Side of the images, a multiple of 32. Default: 64, or 32 where the images are smaller.")
    private @Nullable Integer size;

    @Option(names = "--force", description = "Replace a file that is there.")
    private boolean force;

    @Override
    public Integer call() {
        OutputFile.requireFree(out, "--out", force);
        try (var source = SourcePlaces.open(place, pipes.settings())) {
            var scan = DataCommand.scan(source);
            if (!scan.problems().isEmpty()) spec.commandLine().getErr().println(scan.summary());
            var model = llm == null ? null : model(llm);
            var recipe = new NewRecipe(NewRecipe.nameOf(place), place, source.kind(), source.imageField(), found(scan), scan.good().size(),
                    side(scan),
                    longest(scan, model), model).text();
            Recipe.parse(recipe, out.toString(), List.of()); // what is written can be read
            OutputFile.write(out, recipe.getBytes(StandardCharsets.UTF_8));
            spec.commandLine().getOut().println("%s: %,d images of %s, %d x %d pixels. Train it: ./fusedit train %s%s".formatted(out,
                    scan.good().size(), place, side(scan), side(scan), out,
                    pipes.words().stream().map(word -> " " + word).collect(Collectors.joining())));
        }
        return ExitCode.OK;
    }

    private static String found(SourceScan scan) {
        return "For %s: %,d images with captions%s.".formatted(scan.source().place().replaceAll("\\s", " "), scan.good().size(),
                scan.problems().isEmpty() ? "" : ", and %,d that cannot be used".formatted(scan.problems().size()));
    }

    private int side(SourceScan scan) {
        if (size != null) {
            if (size < SMALL || size % SMALL != 0) throw new UserError("--size must be a multiple of %d, but is %d".formatted(SMALL, size));
            return size;
        }
        var shorter = scan.good().stream().mapToInt(facts -> Math.min(facts.width(), facts.height())).sorted().toArray();
        return shorter.length > 0 && shorter[shorter.length / 2] >= LARGE ? LARGE : SMALL;
    }

    private NewRecipe.Llm model(Path place) {
        if (!Files.exists(place)) throw new UserError(place + ": no such file or folder" + NearFiles.hint(place));
        var sizes = config(place);
        if (tokenizer == null && !Files.exists(place.resolve("tokenizer.json"))) {
            throw new UserError("%s: has no tokenizer.json beside it. Give --tokenizer".formatted(place));
        }
        return new NewRecipe.Llm(KnownLanguageModels.nameOf(sizes).orElse(null), sizes.layers(), place.toString(),
                tokenizer == null ? null : tokenizer.toString());
    }

    private static LanguageModelConfig config(Path place) {
        try (var stored = LanguageModels.open(place)) {
            return stored.config();
        }
    }

    private int longest(SourceScan scan, NewRecipe.@Nullable Llm model) {
        if (model == null) return longest(scan, caption -> 1 + caption.getBytes(StandardCharsets.UTF_8).length);
        try (var own = PretrainedTokenizer.read(Path.of(model.tokenizer() != null ? model.tokenizer() : model.place()), new Instruction(""),
                null)) {
            return longest(scan, caption -> own.encode(caption).length);
        }
    }

    private static int longest(SourceScan scan, ToIntFunction<String> tokens) {
        return scan.captions().stream().mapToInt(tokens).max().orElse(1);
    }
}
