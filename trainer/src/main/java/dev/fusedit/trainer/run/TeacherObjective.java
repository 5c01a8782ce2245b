package dev.fusedit.trainer.run;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.align.TeacherTask;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.step.LossTensors;
import dev.fusedit.trainer.step.Objective;
import java.util.List;
import java.util.Map;

/// What a vision encoder minimizes: the loss of its task. A batch is one part, since its samples are compared with each other.
///
/// @param seed of the run
record TeacherObjective(DinoModel model, TeacherTask task, Seed seed) implements Objective<Batch, TeacherObjective.Part> {
    /// @param draws of the step
    record Part(Batch batch, Seed draws) {}

    @Override
    public List<Part> parts(Batch batch, long step, int count, ProcessGroup ranks) {
        checkArgument(count == 1, "a teacher's batch is not cut, but %s parts are wanted", count);
        return List.of(new Part(batch, seed.derive("step", step)));
    }

    @Override
    public LossTensors backward(Part part, Factor scale, WholeGradients whole) {
        return TensorScope.scoped(() -> {
            var loss = task.loss(images(part), part.batch(), part.draws());
            scale.times(loss).backward();
            return LossTensors.of(loss, Map.of(task.name(), loss));
        });
    }

    @Override
    public void watch(Part part, ForwardHooks hooks) { model.forward(images(part), hooks); }

    private Tensor images(Part part) { return ImageTensors.of(part.batch().images(), part.batch().size()); }
}
