package dev.fusedit.trainer.run;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.stage.DataMark;
import dev.fusedit.trainer.stage.RunTensors;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What all processes of a run must have in common, looked at before the first step. Whatever is wrong is told by all of them.
public record RankAgreement(ProcessGroup group) {
    /// @param recipe as this process was given it
    /// @param options of its command line that change what is trained, in words
    /// @throws UserError if another one was given another recipe, or other options; or if a stage's micro-batches are too small to be shared
    public void requireSame(Recipe recipe, String options) {
        if (group.isAlone()) return;
        var texts = said(recipe.canonical());
        differing(texts).ifPresent(rank -> {
            throw new UserError("Rank %d was given another recipe than rank 0. Changed:%n%s".formatted(rank,
                    RecipeDifference.between(texts.getFirst(), texts.get(rank)).stream().map(difference -> "  " + difference)
                            .collect(Collectors.joining(System.lineSeparator()))));
        });
        requireSame(options);
        for (var stage : recipe.stages()) {
            if (stage.microBatch() < group.size()) {
                throw new UserError(
                        "stages.%s: a micro-batch of %d cannot be shared by %d processes. Start fewer, or raise its batch to %d or more"
                                .formatted(stage.name(), stage.microBatch(), group.size(), group.size() * stage.accumulation()));
            }
        }
    }

    /// @param options of this process's command line, in words
    /// @throws UserError if another one was given other ones
    public void requireSame(String options) {
        if (group.isAlone()) return;
        var words = said(options);
        differing(words).ifPresent(rank -> {
            throw new UserError("Rank %d was given other options (%s) than rank 0 (%s)".formatted(rank, words.get(rank), words.getFirst()));
        });
    }

    /// @throws UserError if another one trains on other images
    void requireSameData(Batches data) {
        if (group.isAlone()) return;
        var marks = said(DataMark.of(data).map(DataMark::toString).orElse("none"));
        differing(marks).ifPresent(rank -> {
            throw new UserError("Rank %d finds other images than rank 0: %s and %s. All processes need the same files"
                    .formatted(rank, marks.get(rank), marks.getFirst()));
        });
    }

    /// Rank 0's weights take the place of all others', whatever their machines have drawn.
    void shareWeights(RunTensors tensors) {
        var weights = tensors.bundle().weights();
        List<Tensor> all = weights.all().flatMap(RankAgreement::tensors).toList();
        group.broadcast(all, 0);
    }

    private static Stream<Tensor> tensors(Parameter parameter) {
        return parameter.master() == parameter.compute() ? Stream.of(parameter.master())
                : Stream.of(parameter.master(), parameter.compute());
    }

    private List<String> said(String own) {
        return group.gather(own.getBytes(StandardCharsets.UTF_8)).stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList();
    }

    /// The first rank that says something else than rank 0.
    private static Optional<Integer> differing(List<String> said) {
        return IntStream.range(1, said.size()).filter(rank -> !said.get(rank).equals(said.getFirst())).boxed().findFirst();
    }
}
