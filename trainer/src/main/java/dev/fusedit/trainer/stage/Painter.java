package dev.fusedit.trainer.stage;

import com.google.common.collect.Lists;
import dev.fusedit.fusion.flow.EulerSampler;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// Draws pictures from prompts. The same painter serves previews, scores and `sample`, so that they show the same.
///
/// The noise of a picture is a function of its own seed: it doesn't depend on what it is drawn together with.
public final class Painter {
    private final Trainee trainee;
    private final EulerSampler sampler;
    private final int side;
    private final int batch;

    /// A picture to be drawn.
    public record Wish(String prompt, Seed noise) {}

    private Painter(Trainee trainee, EulerSampler sampler, int side, int batch) {
        this.trainee = trainee;
        this.sampler = sampler;
        this.side = side;
        this.batch = batch;
    }

    /// As the recipe's `sampling` says.
    public static Painter of(Recipe recipe, Trainee trainee) {
        return of(recipe, trainee, recipe.sampling().steps(), recipe.sampling().guidance());
    }

    /// With other steps and guidance than the recipe's.
    public static Painter of(Recipe recipe, Trainee trainee, int steps, double guidance) {
        var flow = recipe.stages().reversed().stream().map(stage -> stage.losses().flow()).filter(Objects::nonNull).findFirst()
                .orElseThrow(
                        () -> new UserError("recipe '" + recipe.run().name() + "' has no stage with a flow loss: its model does not draw"));
        var prediction = ModelConfigs.prediction(recipe.model().prediction(), flow);
        return new Painter(trainee, new EulerSampler(FlowMatchScheduler.even(recipe.sampling().shift()), prediction, steps, guidance),
                recipe.data().imageSize(),
                recipe.sampling().batch());
    }

    /// Width and height of the pictures.
    public int side() { return side; }

    /// One picture a wish, in their order: side × side × 3 bytes each.
    public List<byte[]> paint(List<Wish> wishes) {
        var pictures = new ArrayList<byte[]>();
        for (var some : Lists.partition(wishes, batch)) {
            pictures.addAll(Arrays.asList(together(some)));
        }
        return pictures;
    }

    private byte[][] together(List<Wish> wishes) {
        try (var _ = Autograd.noGrad(); var _ = TensorScope.open()) {
            var channels = trainee.model().dit().config().inChannels();
            var noise = Tensor.stack(0, wishes.stream().map(wish -> Tensor.randn(wish.noise(), DType.F32, channels, side, side)).toList());
            var compute = trainee.weights().placement().compute();
            var prompts = wishes.stream().map(wish -> trainee.tokenizer().encode(wish.prompt()));
            var nothing = wishes.stream().map(_ -> trainee.tokenizer().encode(""));
            var text =
                    trainee.model().text(Prompt.of((sampler.isGuided() ? Stream.concat(nothing, prompts) : prompts).toArray(int[][]::new)));
            return PictureTensors.bytes(sampler.sample((noisy, times) -> trainee.model().image(noisy.to(compute), times, text), noise));
        }
    }
}
