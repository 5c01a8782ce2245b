package dev.fusedit.trainer.step;

import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.trainer.model.ParameterGroups;
import dev.fusedit.trainer.optim.WeightDecay;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import dev.fusedit.trainer.recipe.Stage;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// A parameter that a stage trains.
///
/// @param base highest learning rate of its group
/// @param decay weight decay; 0 for what does not decay
/// @param from step of the stage, counted from 0, from which it is trained
public record TrainableParameter(Parameter parameter, double base, double decay, long from) {
    /// All parameters that a stage trains at some step, in the weights' order.
    public static List<TrainableParameter> of(Stage stage, Weights weights) {
        var groups = new ParameterGroups(stage);
        return weights.all().filter(parameter -> groups.of(parameter.name()) != null).map(parameter -> {
            var group = Objects.requireNonNull(groups.of(parameter.name()));
            return new TrainableParameter(parameter, Objects.requireNonNull(stage.lr().get(group)), decay(stage, group, parameter),
                    groups.unfreezesAt(parameter.name()));
        }).toList();
    }

    /// Parameters that train from the first step on, at one rate.
    public static List<TrainableParameter> of(OptimizerRecipe optimizer, double rate, Stream<Parameter> parameters) {
        return parameters.map(parameter -> new TrainableParameter(parameter, rate,
                WeightDecay.decays(optimizer.decay(), parameter) ? optimizer.weightDecay() : 0, 0)).toList();
    }

    private static double decay(Stage stage, String group, Parameter parameter) {
        var own = stage.groups().get(group);
        return !WeightDecay.decays(stage.optimizer().decay(), parameter) ? 0 : own != null && own.weightDecay() != null ? own.weightDecay()
                : stage.optimizer().weightDecay();
    }
}
