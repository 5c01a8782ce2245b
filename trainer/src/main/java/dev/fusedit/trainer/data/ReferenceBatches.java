package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.reference.ReferenceOrder;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TarShards;
import java.util.HashMap;
import java.util.List;

/// Batches of WebDataset shards as the paper's reference reads them: the same samples in the same order, with the same captions, crops and
/// drops ([ReferenceOrder]). It draws shards with replacement, so an epoch is none. A sample that it would have stopped at is left out.
///
/// @param images the same shards read the usual way: for what the reference does not have
/// @param captions the synthetic one last, before it the original one if there is one
public record ReferenceBatches(SourceBatches images, ReferenceOrder order, ImmutableList<String> captions) implements Batches {
    /// Samples that are read while the shards behind them are fetched.
    private static final int AHEAD = 4096;

    /// @param shards that `images` reads
    /// @param captions names of one or two texts
    /// @param originalRate how often the first of two is taken of samples that have both
    /// @param side of the images in pixels
    /// @param batch samples of one process's batch
    /// @param workers of its loader
    public static ReferenceBatches of(SourceBatches images, TarShards shards, List<String> captions, double originalRate, int side,
            int batch, int workers) {
        var facts = new HashMap<Integer, SampleFacts>();
        images.split().trained().forEach(each -> facts.put(each.index(), each));
        var entries = shards.samplesOfShards().stream()
                .map(shard -> shard.stream().filter(facts::containsKey).map(index -> entry(shards, facts.get(index), captions, side))
                        .toList())
                .toList();
        var setting = new ReferenceOrder.Setting(images.seed(), workers, batch, captions.size() == 2 ? originalRate : 0,
                images.transform().random());
        return new ReferenceBatches(images, new ReferenceOrder(entries, setting), ImmutableList.copyOf(captions));
    }

    private static ReferenceOrder.Entry entry(TarShards shards, SampleFacts facts, List<String> captions, int side) {
        var covering = CoverCrop.square(side).covering(facts.size());
        return new ReferenceOrder.Entry(facts.index(), shards.has(facts.index(), captions.getFirst()), covering.height() - side + 1,
                covering.width() - side + 1);
    }

    @Override
    public Sample sample(long position, ImageSize size) {
        var turn = order.at(position);
        var source = images.split().source();
        var transform = images.transform();
        if (source.isFetched()) source.expect(order.at(position + AHEAD).index(), AHEAD);
        try {
            var image = SourceScan.decoded(source, turn.index(), transform.decoding());
            var square = transform.random() ? transform.cropped(image, size, turn.corner()) : transform.centred(image, size);
            var texts = source.texts(turn.index());
            var caption = texts.get(turn.original() ? captions.getFirst() : captions.getLast());
            return new Sample(turn.index(), square.rgb(), caption == null ? texts.get(captions.getFirst()) : caption);
        } catch (BadSample e) {
            throw new UserError("%s: sample %s cannot be read any more, and the reference's order leaves none out: %s"
                    .formatted(source.place(), source.key(turn.index()), e.getMessage()), e);
        }
    }

    @Override
    public boolean isDropped(long position, double share) { return order.at(position).isDropped(share); }

    /// Without the instruction.
    @Override
    public int[] dropped() { return texts().nothing(); }

    @Override
    public String sentence(long position) { return images.sentence(position); }

    @Override
    public long seed() { return images.seed(); }

    @Override
    public TextIds texts() { return images.texts(); }

    @Override
    public ValidationSamples validation(long validationSeed, int count) { return images.validation(validationSeed, count); }

    @Override
    public void close() { images.close(); }
}
