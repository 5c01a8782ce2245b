// Tensors, scopes, gradients, and attention as an image of numbers
//
// Run it by `./fusedit shell examples/01-tensors.jsh`, or piece by piece at the prompt of `./fusedit shell`, which has everything imported.

Libtorch.info().version()

// ---- Scopes
//
// A tensor is an array in libtorch, outside Java's heap. A scope owns tensors and frees them when it is closed: no garbage collector is
// asked, and nothing leaks. A shell has the scope of its session open, `scope`: what belongs to no other scope belongs to it.

scope

// ---- Tensors
//
// From Java arrays, with a shape. They print as PyTorch prints them. Ops return new tensors; shapes meet by broadcasting, as in NumPy and
// PyTorch.

var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
x

x.add(Tensor.of(new float[] {10, 20, 30}))

x.matmul(x.transpose(0, 1)).div(7)

x.mean(false, 1)

// A tensor knows its size, its dtype and where it lies; numbers come back to Java as arrays.

IO.println(x.size() + " " + x.dtype() + " on " + x.device());
x.toFloats()

// What doesn't fit is said in words, with the shapes.

try {
    x.matmul(x);
} catch (TorchException wrong) {
    IO.println(wrong.getMessage());
}

// ---- An inner scope
//
// A layer opens a scope of its own, so that its intermediate results go at once; `scoped` hands its result to the scope around it. So does
// `keep` of a scope that was opened by hand.

Tensor norm(Tensor v) {
    return TensorScope.scoped(() -> v.square().sum().sqrt()); // the squares and their sum are freed here
}
var before = TensorScope.live();
var length = norm(x);
IO.println(length + ", and tensors more than before: " + (TensorScope.live() - before));

// A tensor whose scope was closed says so.

var inner = TensorScope.open();
var lost = x.add(1);
inner.close();
IO.println(inner + " " + lost);
try {
    lost.mul(x);
} catch (IllegalStateException wrong) {
    IO.println(wrong.getMessage());
}

// ---- Draws
//
// A draw takes a seed; the same seed gives the same numbers, PyTorch's own on the CPU: this is what `torch.manual_seed(42); torch.randn(2,
// 3)` gives.

Tensor.randn(Seed.of(42), DType.F32, 2, 3)

// Of large tensors the corners are shown, other dtypes are named, and of empty ones the size.

IO.println(Tensor.arange(10_000).reshape(100, 100));
IO.println(x.to(DType.BF16));
Tensor.empty(DType.F32, 0, 3)

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
slope

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
    return TensorScope.scoped(() -> {
        var scores_LL = queries_LD.matmul(keys_LD.transpose(0, 1)).div(Math.sqrt(4));
        var later_LL = Tensor.ones(DType.F32, 7, 7).triu(1).gt(0);
        return (causal ? scores_LL.maskedFill(later_LL, Double.NEGATIVE_INFINITY) : scores_LL).softmax(-1);
    });
}

void show(Tensor weights_LL) {
    IO.println("         " + words.stream().map("%7s"::formatted).collect(Collectors.joining()));
    for (int i = 0; i < words.size(); i++) {
        var row = new StringBuilder("%7s  ".formatted(words.get(i)));
        for (float weight : weights_LL.get(i).toFloats()) {
            row.append("  ").append(" ░▒▓█".charAt(Math.round(4 * weight))).append(weight < 0.005 ? "   ·" : " %.2f".formatted(weight).replace(" 0", " "));
        }
        IO.println(row);
    }
}

IO.println("Every word hears every word:");
show(attention(false));
IO.println("\nCausal, as in the language model:");
show(attention(true));

// Rows sum to one, and under the mask nothing comes from later words.

attention(true).sum(false, 1)

// The same as an image; the link opens it.

Show.grid("attention", List.of(attention(false), attention(true)), List.of("every word", "causal"))

// ---- The end
//
// `scope.close()` frees all of the session; `var scope = TensorScope.session()` opens another one.

scope.close();
IO.println(x + ", tensors alive: " + TensorScope.live());
