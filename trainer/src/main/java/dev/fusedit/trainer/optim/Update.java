package dev.fusedit.trainer.optim;

import dev.fusedit.torch.Tensor;

/// What a step does to one weight.
///
/// @param parameter the weight's name in the model
/// @param weight f32 or f64; changed in place
/// @param gradient of the weight's shape and dtype; stays as it is
/// @param rate learning rate
/// @param decay weight decay: a step takes `rate · decay` of the weight away
public record Update(String parameter, Tensor weight, Tensor gradient, double rate, double decay) {}
