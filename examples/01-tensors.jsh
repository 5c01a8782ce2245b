// 01 · Tensors, scopes, gradients, and attention as an image of numbers
//
//     ./fusedit shell examples/01-tensors.jsh
//
// Read it from top to bottom, or paste it piece by piece into ./fusedit shell.

import dev.fusedit.torch.*;

IO.println("libtorch " + Libtorch.info().version());

// ---- Scopes
//
// A tensor is an array in libtorch, outside Java's heap. A scope owns what is made while it is the innermost one, and frees it
// when it is closed: no garbage collector is asked, and nothing leaks. This file works in one scope from here to its end.

var scope = TensorScope.open();

// ---- Tensors
//
// From Java arrays, with a shape. Ops return new tensors; shapes meet by broadcasting, as in NumPy and PyTorch.

var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
IO.println("x = " + x);
IO.println("x + (10, 20, 30) = " + x.add(Tensor.of(new float[] {10, 20, 30})));
IO.println("x xᵀ = " + x.matmul(x.transpose(0, 1)));
IO.println("mean of each row = " + Arrays.toString(x.mean(false, 1).toFloats()));

// What doesn't fit is said in words, with the shapes.

try {
    x.matmul(x);
    throw new AssertionError("2x3 times 2x3 went through");
} catch (TorchException wrong) {
    IO.println(wrong.getMessage());
}

// ---- An inner scope
//
// A layer opens a scope of its own, so that its intermediate results go at once; keep() hands the result to the scope around it.

Tensor norm(Tensor v) {
    try (var inner = TensorScope.open()) {
        return inner.keep(v.square().sum().sqrt()); // the squares and their sum are freed here
    }
}
var before = TensorScope.live();
IO.println("norm of x = %.4f".formatted(norm(x).item()));
IO.println("tensors left by it: " + (TensorScope.live() - before));

// ---- Draws
//
// A draw takes a seed; the same seed gives the same numbers, PyTorch's own on the CPU.

IO.println("torch.manual_seed(42); torch.randn(3) = " + Tensor.randn(Seed.of(42), DType.F32, 3));

// ---- Gradients
//
// A line through noisy points, y = 3x - 1, found by gradient descent: loss, backward, a step against the gradient.

var points = Tensor.randn(Seed.of(1), DType.F32, 200);
var targets = points.mul(3).sub(1).add(Tensor.randn(Seed.of(2), DType.F32, 200).mul(0.1));
var slope = Tensor.zeros(DType.F32, 1).requiresGrad(true);
var offset = Tensor.zeros(DType.F32, 1).requiresGrad(true);

void step(double rate) {
    try (var inner = TensorScope.open()) {
        points.mul(slope).add(offset).sub(targets).square().mean().backward();
        try (var frozen = Autograd.noGrad()) {
            for (var parameter : List.of(slope, offset)) {
                parameter.addInPlace(parameter.grad().mul(-rate));
                parameter.clearGrad();
            }
        }
    }
}
for (int i = 0; i < 100; i++) {
    step(0.1);
}
IO.println("found y = %.2f x %+.2f".formatted(slope.item(), offset.item()));

// ---- Attention
//
// Each word asks (a query) and offers (a key). Here a word is four numbers: is it a colour, a shape, a relation, an article; and
// a query is what the word looks for: a colour looks for its shape, a shape for its colour, a relation for shapes.

var words = List.of("a", "red", "circle", "above", "a", "blue", "square");
var keys_LD = Tensor.of(new float[] {0, 0, 0, 3,  3, 0, 0, 0,  0, 3, 0, 0,  0, 0, 3, 0,  0, 0, 0, 3,  3, 0, 0, 0,  0, 3, 0, 0}, 7, 4);
var queries_LD = Tensor.of(new float[] {0, 2, 0, 1,  0, 3, 0, 0,  3, 1, 0, 0,  0, 3, 1, 0,  0, 2, 0, 1,  0, 3, 0, 0,  3, 1, 0, 0}, 7, 4);

// softmax(q kᵀ / √D): row i says how much of each word reaches word i. With the causal mask of a language model a word hears only
// itself and what came before it; the rows of an image's tokens have no such mask.

Tensor attention(boolean causal) {
    try (var inner = TensorScope.open()) {
        var scores_LL = queries_LD.matmul(keys_LD.transpose(0, 1)).div(Math.sqrt(4));
        var later_LL = Tensor.ones(DType.F32, 7, 7).triu(1).gt(0);
        return inner.keep((causal ? scores_LL.maskedFill(later_LL, Double.NEGATIVE_INFINITY) : scores_LL).softmax(-1));
    }
}

void show(Tensor weights_LL) {
    IO.println("         " + words.stream().map("%7s"::formatted).collect(Collectors.joining()));
    for (int i = 0; i < words.size(); i++) {
        var row = new StringBuilder("%7s  ".formatted(words.get(i)));
        for (float weight : weights_LL.select(0, i).toFloats()) {
            row.append("  ").append(" ░▒▓█".charAt(Math.round(4 * weight))).append(weight < 0.005 ? "   ·" : " %.2f".formatted(weight).replace(" 0", " "));
        }
        IO.println(row);
    }
}

IO.println("\nEvery word hears every word:");
show(attention(false));
IO.println("\nCausal, as in the language model:");
show(attention(true));

// Rows sum to one, and under the mask nothing comes from later words.

if (!attention(true).sum(false, 1).allClose(Tensor.ones(DType.F32, 7), 1e-5, 0)) {
    throw new AssertionError("a row does not sum to 1");
}

// ---- The end of the scope frees all of it.

scope.close();
IO.println("\ntensors alive at the end: " + TensorScope.live());
