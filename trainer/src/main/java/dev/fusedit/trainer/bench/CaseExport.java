package dev.fusedit.trainer.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.primitives.Longs;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.pipeline.NewFolder;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.optim.Gradients;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A workload's weights, inputs and our outputs as a case that `./fusedit parity` and the paper's reference read, so that anyone can see
/// that both compute the same. All in f32, whatever is timed.
///
/// | file | content |
/// |---|---|
/// | `config.json` | the model's configuration under the paper's field names, and how it is trained |
/// | `model.safetensors` | weights |
/// | `inputs.safetensors` | `latents`, `timestep`, `input_ids`, `attention_mask` (padded on the right); for training a step's `train.latents`, `train.noise.0`, `train.indices.0`, `train.timesteps.0`, `train.sigmas.0` |
/// | `expected.safetensors` | `forward.output`; for training `train.noisy`, `train.prediction`, `train.dit.plain.loss` and `.grad_norms` |
public final class CaseExport {
    private static final JsonMapper JSON = new JsonMapper();

    private final Workload workload;
    private final BenchModel model;
    private final FlowMatching flow = FlowMatching.ofThePaper();
    private final Map<String, Tensor> inputs = new LinkedHashMap<>();
    private final Map<String, Tensor> expected = new LinkedHashMap<>();

    private CaseExport(Workload workload, BenchModel model) {
        this.workload = workload;
        this.model = model;
    }

    /// @throws UserError if the folder holds something already, or cannot be written
    public static void write(Workload workload, BenchOptions options, Path folder) {
        try {
            NewFolder.write(folder, place -> {
                try (var model = BenchModel.of(workload.shape(), options.policy(DType.F32)); var _ = TensorScope.open()) {
                    new CaseExport(workload, model).fill(place);
                }
            });
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    private void fill(Path folder) throws IOException {
        forward();
        if (workload.isTraining()) {
            training();
        }
        SafeTensors.write(folder.resolve("model.safetensors"), model.weights().state(), Map.of());
        SafeTensors.write(folder.resolve("inputs.safetensors"), inputs, Map.of());
        SafeTensors.write(folder.resolve("expected.safetensors"), expected, Map.of());
        JSON.writerWithDefaultPrettyPrinter().writeValue(folder.resolve("config.json").toFile(), config());
    }

    private void forward() {
        try (var _ = Autograd.noGrad()) {
            var noised = noised();
            inputs.put("latents", noised.noisy());
            inputs.put("timestep", noised.timesteps_B());
            prompt();
            expected.put("forward.output", model.model().forward(noised.noisy(), noised.timesteps_B(), model.prompt()));
        }
    }

    private FlowMatching.Noised noised() { return flow.noised(model.latents(), Work.SEED.derive("step", 0)); }

    /// The other tokens are padding, 0.
    private void prompt() {
        int batch = workload.shape().batch(), padded = workload.shape().padded();
        var ids = new long[batch][];
        var mask = new long[batch][padded];
        for (int b = 0; b < batch; b++) {
            int length = model.prompt().lengths_B()[b];
            ids[b] = Arrays.copyOf(Arrays.copyOf(model.prompt().ids_BT()[b], length), padded);
            Arrays.fill(mask[b], 0, length, 1);
        }
        inputs.put("input_ids", Tensor.of(Longs.concat(ids), batch, padded));
        inputs.put("attention_mask", Tensor.of(Longs.concat(mask), batch, padded));
    }

    private List<Parameter> learned() { return model.weights().all().filter(parameter -> parameter.name().startsWith("dit.")).toList(); }

    private void training() {
        var noised = noised();
        inputs.put("train.latents", noised.clean());
        inputs.put("train.noise.0", noised.noise());
        inputs.put("train.indices.0", indices());
        inputs.put("train.timesteps.0", noised.timesteps_B());
        inputs.put("train.sigmas.0", noised.sigmas_B());
        model.weights().train(name -> name.startsWith("dit."));
        var prediction = model.model().image(noised.noisy(), noised.timesteps_B(), model.model().text(model.prompt()));
        expected.put("train.noisy", noised.noisy());
        expected.put("train.prediction", prediction.detach());
        var loss = flow.loss(prediction, noised);
        loss.backward();
        expected.put("train.dit.plain.loss", loss.detach());
        try (var gradients = new Gradients(learned())) {
            gradients.take(model.weights());
            var norms = new float[learned().size()];
            for (int i = 0; i < norms.length; i++) {
                var gradient = gradients.of(learned().get(i).name());
                norms[i] = gradient == null ? 0 : (float) gradient.norm().item();
            }
            expected.put("train.dit.plain.grad_norms", Tensor.of(norms));
        }
    }

    private Tensor indices() {
        var drawn = flow.indices(Work.SEED.derive("step", 0).derive("time"), workload.shape().batch());
        return Tensor.of(Arrays.stream(drawn).asLongStream().toArray());
    }

    private ObjectNode config() {
        var json = JSON.createObjectNode();
        json.set("reference", ModelConfigJson.json(workload.shape().model()));
        json.putArray("notes").add("the workload " + workload.name() + " with random weights");
        switch (workload) {
            case Workload.Train(_, var clip) -> training(json, clip);
            case Workload.Sample _ -> {}
        }
        return json;
    }

    private void training(ObjectNode json, double clip) {
        var training = json.putObject("training").put("scheduler_shift", 3.0).put("num_train_timesteps", flow.scheduler().levels())
                .put("weighting_scheme", "logit_normal").put("gradient_clipping", clip).put("ema_decay", 0.99).put("steps", 1);
        training.putObject("optimizer").put("name", "AdamW").put("lr", TrainWork.RATE).put("weight_decay", TrainWork.DECAY)
                .put("eps", TrainWork.EPS).putArray("betas").add(TrainWork.BETA1).add(TrainWork.BETA2);
        learned().forEach(parameter -> json.withObject("trainable").withArray("dit").add(parameter.name()));
    }
}
