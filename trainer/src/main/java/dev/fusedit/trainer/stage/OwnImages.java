package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.SingleBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.data.source.BucketReport;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.ScanCache;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TrainingSplit;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// A person's own images, from one source or several: each is looked through whole, then all are split into what is trained on and what is
/// held out.
final class OwnImages {
    private final Recipe recipe;
    private final TextIds texts;
    private final Pipes pipes;
    private final Path errorsFile;
    private final Consumer<String> said;
    private final List<Looked> looked = new ArrayList<>();

    /// A source that was looked through.
    private record Looked(Data.Images data, DataErrors.Section section, CaptionRule captions, SourceScan scan, DataErrors errors) {}

    private OwnImages(Recipe recipe, TextIds texts, Pipes pipes, Path errorsFile, Consumer<String> said) {
        this.recipe = recipe;
        this.texts = texts;
        this.pipes = pipes;
        this.errorsFile = errorsFile;
        this.said = said;
    }

    static SourceBatches open(Recipe recipe, Data.Images images, TextIds texts, Pipes pipes, Path errorsFile, Consumer<String> said) {
        var own = new OwnImages(recipe, texts, pipes, errorsFile, said);
        try {
            own.look(images, DataErrors.Section.ALL);
            var batches = own.batches(List.of(own.heldOut())).getFirst();
            RecipeData.buckets(recipe, batches.split().trained()).forEach(report -> said.accept(report.text()));
            return batches;
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /// Images that are held out come from each source by its weight.
    static Batches mixed(Recipe recipe, Data.Mixture mixture, TextIds texts, Pipes pipes, Path errorsFile, Consumer<String> said) {
        var own = new OwnImages(recipe, texts, pipes, errorsFile, said);
        try {
            var weights = mixture.sources().stream().map(Data.Source::weight).toList();
            var shares = MixedBatches.shares(own.heldOut(), weights);
            var held = new ArrayList<Integer>();
            for (int i = 0; i < shares.size(); i++) {
                var source = mixture.sources().get(i);
                switch (source.data()) {
                    case Data.Blocks _ -> {}
                    case Data.Images images -> {
                        own.look(images, new DataErrors.Section(source.name(), "data.sources." + source.name() + ".data"));
                        held.add(shares.get(i));
                    }
                }
            }
            return own.mixed(mixture, own.batches(held));
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    private int heldOut() {
        var validation = recipe.evaluation().validation();
        return validation == null ? 0 : validation.samples();
    }

    private void look(Data.Images images, DataErrors.Section section) {
        var source = RecipeData.source(images, pipes, said);
        try {
            source.requireSamples();
            var captions = RecipeData.captions(images, source);
            var scan =
                    ScanCache.ofUser().scan(source, captions, RecipeData.decoding(images, recipe.run().compatibility()), images.workers(),
                            _ -> {});
            looked.add(new Looked(images, section, captions, scan, errors(section, scan, images.errors().stopAbove())));
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private DataErrors errors(DataErrors.Section section, SourceScan scan, double stopAbove) {
        return looked.isEmpty() ? DataErrors.of(errorsFile, section, scan, stopAbove,
                problem -> said.accept("%s cannot be read any more: %s".formatted(problem.sample(), problem.detail())))
                : looked.getFirst().errors().another(section, scan, stopAbove);
    }

    /// @param held how many images of each source are held out
    private List<SourceBatches> batches(List<Integer> held) {
        for (var each : looked) each.scan().requireGood(each.data().errors().stopAbove(), each.section().key());
        for (var each : looked) told(each).forEach(said);
        var validation = recipe.evaluation().validation();
        var splits = HeldOut.of(looked.stream().map(Looked::scan).toList(), held, validation == null ? 0 : validation.seed());
        return IntStream.range(0, looked.size()).mapToObj(i -> batches(looked.get(i), splits.get(i))).toList();
    }

    private SourceBatches batches(Looked from, TrainingSplit split) {
        var images = from.data();
        if (split.trained().isEmpty())
            throw new UserError("%s: all its images look like some that are held out: none is left to be trained on"
                    .formatted(split.source().place()));
        var transform = new ImageTransform(RecipeData.decoding(images, recipe.run().compatibility()), images.resize(), !images.centerCrop(),
                images.flip());
        return new SourceBatches(split, from.captions(), transform, RecipeData.buckets(recipe, images, split.trained()), from.errors(),
                images.seed(), texts);
    }

    private Batches mixed(Data.Mixture mixture, List<SourceBatches> own) {
        var parts = ImmutableList.<MixedBatches.Part>builder();
        var left = own.iterator();
        long all = 0;
        for (var source : mixture.sources()) {
            switch (source.data()) {
                case Data.Blocks blocks -> {
                    long samples = Objects.requireNonNull(blocks.samples());
                    all += samples;
                    parts.add(part(source, RecipeData.blocks(blocks, texts), samples));
                }
                case Data.Images _ -> {
                    var batches = left.next();
                    all += batches.split().trained().size();
                    parts.add(part(source, batches, batches.split().source().size()));
                }
            }
        }
        var mixed = MixedBatches.of(parts.build(), mixture.samples() == null ? all : mixture.samples(), mixture.seed(), texts);
        for (int i = 0; i < mixed.parts().size(); i++) {
            if (mixed.counts().get(i) == 0)
                throw new UserError("data.sources.%s.weight: none of the %,d images of an epoch is of this source"
                        .formatted(mixed.parts().get(i).name(), mixed.order().samples()));
            said.accept("%s: %,d of the %,d images of an epoch".formatted(mixed.parts().get(i).name(), mixed.counts().get(i),
                    mixed.order().samples()));
        }
        RecipeData.bucketed(recipe).asMap().forEach((sizes, stages) -> said.accept(BucketReport.mixed(RecipeData.names(stages),
                RecipeData.batch(stages), sizes, rows(mixed, sizes)).text()));
        return mixed;
    }

    private MixedBatches.Part part(Data.Source source, SingleBatches batches, long samples) {
        return new MixedBatches.Part(source.name(), batches, source.weight(), samples, RecipeData.sizes(recipe, source.data()));
    }

    /// Of all sources.
    private static List<BucketReport.Row> rows(MixedBatches mixed, ImmutableList<ImageSize> sizes) {
        var rows = new ArrayList<BucketReport.Row>();
        for (int i = 0; i < mixed.parts().size(); i++) {
            var part = mixed.parts().get(i);
            var own = part.own(sizes);
            long images = mixed.counts().get(i);
            switch (part.batches()) {
                case BlocksBatches _ -> rows.add(new BucketReport.Row(own.getFirst(), images, 0, 0));
                case SourceBatches batches -> rows.addAll(BucketReport.rows(SizeBuckets.of(batches.split().trained(), own), images));
            }
        }
        return rows;
    }

    private void close() { looked.forEach(each -> each.scan().source().close()); }

    /// What to know before the first step.
    private List<String> told(Looked from) {
        var said = new ArrayList<String>();
        var scan = from.scan();
        ImageSource source = scan.source();
        var name = from.section().name();
        said.add("%s%s: %,d images with captions".formatted(name.isEmpty() ? "" : name + ", ", source.place(), scan.good().size()));
        said.addAll(source.notes());
        if (!scan.problems().isEmpty()) said.add(scan.summary() + "; all are in " + errorsFile);
        from.data().captions().forEach(field -> said.add("captions '%s': %s".formatted(field.field(),
                scan.captionCounts().get(field.field()))));
        long cut = scan.good().parallelStream().filter(facts -> texts.isCut(facts.caption())).count();
        if (cut > 0) said.add("%,d captions are longer than the %d tokens that are read, and are cut".formatted(cut, texts.maxTokens()));
        return said;
    }
}
