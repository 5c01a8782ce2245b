package dev.fusedit.trainer.sampling;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What a run's grids show: the prompts of `logging.prompts`; without that four of each kind of the score set `seen` of the built-in data,
/// or captions of one's own images, first of those that are held out.
public final class ShowcasePrompts {
    private static final int PER_KIND = Showcase.IMAGES / Kind.values().length;

    private ShowcasePrompts() {}

    /// [Showcase#IMAGES] prompts; where there are fewer they come again, with other noise.
    public static List<ShowcasePrompt> of(Recipe recipe, Batches data) {
        var prompts = recipe.logging().prompts() != null
                ? PromptFile.read(Path.of(recipe.logging().prompts())).stream().map(ShowcasePrompt::of).toList()
                : of(data);
        return IntStream.range(0, Showcase.IMAGES).mapToObj(i -> prompts.get(i % prompts.size())).collect(ImmutableList.toImmutableList());
    }

    private static List<ShowcasePrompt> of(Batches data) {
        return switch (data) {
            case BlocksBatches _ -> blocks();
            case SourceBatches own -> Stream.concat(own.split().held().stream(), own.split().trained().stream()).limit(Showcase.IMAGES)
                    .map(facts -> ShowcasePrompt.of(facts.caption())).toList();
            case ReferenceBatches own -> of(own.images());
            case MixedBatches mixed -> inTurn(mixed.parts().stream().map(part -> of(part.batches())).toList());
            case BlankBatches blank -> List.of(ShowcasePrompt.of(blank.caption()));
        };
    }

    /// One of each source, and again.
    private static List<ShowcasePrompt> inTurn(List<List<ShowcasePrompt>> sources) {
        return IntStream.range(0, Showcase.IMAGES).boxed()
                .flatMap(i -> sources.stream().filter(prompts -> i < prompts.size()).map(prompts -> prompts.get(i)))
                .limit(Showcase.IMAGES).toList();
    }

    /// Kinds across, prompts of a kind down.
    private static List<ShowcasePrompt> blocks() {
        var prompts = new ArrayList<ShowcasePrompt>();
        for (int i = 0; i < PER_KIND; i++) {
            for (var kind : Kind.values()) {
                var ofKind = BlocksPrompts.of(Split.SEEN, PER_KIND).stream().filter(caption -> caption.kind() == kind).toList();
                prompts.add(ShowcasePrompt.of(ofKind.get(i)));
            }
        }
        return prompts;
    }
}
