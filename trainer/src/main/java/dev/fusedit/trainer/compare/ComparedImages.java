package dev.fusedit.trainer.compare;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.page.HtmlPage;
import dev.fusedit.trainer.page.PageImage;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.PromptFile;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.sampling.SamplingProgress;
import dev.fusedit.trainer.sampling.ShowcasePrompt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What runs draw for the same prompts from noise of the same seeds.
///
/// @param rows the images of each run, in the order of the prompts
public record ComparedImages(ImmutableList<ShowcasePrompt> prompts, ImmutableList<List<PngImage>> rows) {
    private static final long SEED = 1;
    private static final int ASKED = 6;

    /// As each run's own recipe samples.
    ///
    /// @param file of prompts; null for those of the first run
    /// @throws dev.fusedit.torch.UserError if a run has no checkpoint yet, or the file cannot be read
    public static ComparedImages of(List<ComparedRun> runs, @Nullable Path file, ProgressLine console) {
        var prompts = prompts(runs.getFirst(), file);
        var seeded = IntStream.range(0, prompts.size())
                .mapToObj(i -> new ImageSampler.SeededPrompt(prompts.get(i).text(), InitialNoise.ofImage(Seed.of(SEED), i))).toList();
        var rows = ImmutableList.<List<PngImage>>builder();
        var progress = SamplingProgress.of(console, "sample", prompts.size() * runs.size());
        for (var run : runs) {
            try (var model = SamplingModel.open(run.folder())) {
                var sampler = ImageSampler.of(model).watched(progress::add);
                rows.add(sampler.sample(seeded).stream().map(rgb -> new PngImage(sampler.side(), rgb.length / 3 / sampler.side(), rgb))
                        .toList());
            }
        }
        return new ComparedImages(ImmutableList.copyOf(prompts), rows.build());
    }

    private static List<ShowcasePrompt> prompts(ComparedRun first, @Nullable Path file) {
        if (file != null) return PromptFile.read(file).stream().map(ShowcasePrompt::of).toList();
        var own = first.folder().resolve("previews/prompts.txt");
        if (!first.recipe().data().isBuiltIn() && Files.exists(own))
            return PromptFile.read(own).stream().limit(ASKED).map(ShowcasePrompt::of).toList();
        return Arrays.stream(Kind.values()).map(kind -> BlocksPrompts.of(Split.SEEN, 1).stream().filter(caption -> caption.kind() == kind)
                .findFirst().orElseThrow()).map(ShowcasePrompt::of).toList();
    }

    /// A run's images, each with its prompt and whether it is right, where that can be told.
    ///
    /// @param name of the run
    public void show(HtmlPage page, int run, String name) {
        page.paragraph(name + right(run));
        for (int i = 0; i < prompts.size(); i++)
            page.image(PageImage.exact(rows.get(run).get(i), prompts.get(i).text(), verdict(run, i)));
    }

    /// How many of a run's images are right, `: 4 of 6 right`; empty where that cannot be told.
    private String right(int run) {
        var verdicts = IntStream.range(0, prompts.size()).mapToObj(i -> verdict(run, i)).flatMap(Optional::stream).toList();
        return verdicts.isEmpty() ? ""
                : String.format(Locale.ROOT, ": %d of %d right", verdicts.stream().filter(right -> right).count(), verdicts.size());
    }

    private Optional<Boolean> verdict(int run, int prompt) {
        return prompts.get(prompt).caption()
                .map(caption -> BlocksChecker.judge(caption.claim(), rows.get(run).get(prompt).rgb()).accepted());
    }
}
