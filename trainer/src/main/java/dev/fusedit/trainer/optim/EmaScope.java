package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.Map;

/// Puts the EMA in the place of the weights until it is closed: for previews and scores.
public final class EmaScope implements AutoCloseable {
    private final TensorScope backup = TensorScope.holding();
    private final List<Parameter> parameters;
    private final List<Tensor> before;

    /// @param averages by parameter, those of all processes; they may be freed when this is made
    public EmaScope(Weights weights, Map<String, Tensor> averages) {
        parameters = weights.all().filter(parameter -> averages.containsKey(parameter.name())).toList();
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            before = parameters.stream().map(parameter -> backup.hold(parameter.master().detach().copy())).toList();
        } catch (RuntimeException e) { // as where memory ends
            backup.close();
            throw e;
        }
        put(parameters.stream().map(parameter -> averages.get(parameter.name())).toList());
    }

    private void put(List<Tensor> values) {
        if (parameters.isEmpty()) {
            return;
        }
        try (var _ = Autograd.noGrad()) {
            Foreach.copy(parameters.stream().map(Parameter::master).toList(), values);
            Foreach.copy(parameters.stream().map(Parameter::compute).toList(), values);
        }
    }

    @Override
    public void close() {
        put(before);
        backup.close();
    }
}
