package dev.fusedit.torch.internal.ops;

import dev.fusedit.torch.internal.abi.Op;

/// The operators behind [dev.fusedit.torch.Tensor]: schema name, overload, and how many arguments the schema has (a test holds them
/// against the loaded library's schemas).
public final class Aten {
    /// c10::ScalarType's numbers that ops here name.
    public static final int F32 = 6;
    public static final int F64 = 7;
    public static final int I64 = 4;

    // Numbers and elements
    public static final Op MUL = Op.of("mul", "Tensor", 2);
    public static final Op MUL_ = Op.of("mul_", "Tensor", 2);
    public static final Op DIV = Op.of("div", "Tensor", 2);
    public static final Op DIV_MODE = Op.of("div", "Tensor_mode", 3);
    public static final Op REMAINDER = Op.of("remainder", "Tensor", 2);
    public static final Op POW = Op.of("pow", "Tensor_Tensor", 2);
    public static final Op NEG = Op.of("neg", "", 1);
    public static final Op ABS = Op.of("abs", "", 1);
    public static final Op SIGN = Op.of("sign", "", 1);
    public static final Op EXP = Op.of("exp", "", 1);
    public static final Op EXPM1 = Op.of("expm1", "", 1);
    public static final Op LOG = Op.of("log", "", 1);
    public static final Op LOG1P = Op.of("log1p", "", 1);
    public static final Op SQRT = Op.of("sqrt", "", 1);
    public static final Op RSQRT = Op.of("rsqrt", "", 1);
    public static final Op SQUARE = Op.of("square", "", 1);
    public static final Op RECIPROCAL = Op.of("reciprocal", "", 1);
    public static final Op SIN = Op.of("sin", "", 1);
    public static final Op COS = Op.of("cos", "", 1);
    public static final Op TANH = Op.of("tanh", "", 1);
    public static final Op SIGMOID = Op.of("sigmoid", "", 1);
    public static final Op ERF = Op.of("erf", "", 1);
    public static final Op FLOOR = Op.of("floor", "", 1);
    public static final Op CEIL = Op.of("ceil", "", 1);
    public static final Op ROUND = Op.of("round", "", 1);
    public static final Op MAXIMUM = Op.of("maximum", "", 2);
    public static final Op MINIMUM = Op.of("minimum", "", 2);
    public static final Op CLAMP = Op.of("clamp", "Tensor", 3);
    public static final Op LERP = Op.of("lerp", "Tensor", 3);
    public static final Op EQ = Op.of("eq", "Tensor", 2);
    public static final Op NE = Op.of("ne", "Tensor", 2);
    public static final Op LT = Op.of("lt", "Tensor", 2);
    public static final Op LE = Op.of("le", "Tensor", 2);
    public static final Op GT = Op.of("gt", "Tensor", 2);
    public static final Op GE = Op.of("ge", "Tensor", 2);
    public static final Op NOT = Op.of("logical_not", "", 1);
    public static final Op AND = Op.of("logical_and", "", 2);
    public static final Op OR = Op.of("logical_or", "", 2);
    public static final Op XOR = Op.of("logical_xor", "", 2);
    public static final Op ISFINITE = Op.of("isfinite", "", 1);
    public static final Op WHERE = Op.of("where", "self", 3);
    public static final Op MASKED_FILL = Op.of("masked_fill", "Tensor", 3);

    public static final Op LOG_SIGMOID = Op.of("log_sigmoid", "", 1);

    // Reductions
    public static final Op SUM = Op.of("sum", "", 2);
    public static final Op SUM_DIM = Op.of("sum", "dim_IntList", 4);
    public static final Op MEAN = Op.of("mean", "", 2);
    public static final Op MEAN_DIM = Op.of("mean", "dim", 4);
    public static final Op VAR_DIM = Op.of("var", "dim", 4);
    public static final Op MAX = Op.of("max", "", 1);
    public static final Op MIN = Op.of("min", "", 1);
    public static final Op AMAX = Op.of("amax", "", 3);
    public static final Op AMIN = Op.of("amin", "", 3);
    public static final Op ARGMAX = Op.of("argmax", "", 3);
    public static final Op ARGMIN = Op.of("argmin", "", 3);
    public static final Op ANY = Op.of("any", "", 1);
    public static final Op ALL = Op.of("all", "", 1);
    public static final Op CUMSUM = Op.of("cumsum", "", 3);
    public static final Op LOGSUMEXP = Op.of("logsumexp", "", 3);
    public static final Op FROBENIUS = Op.of("frobenius_norm", "dim", 3);
    public static final Op TOPK = Op.of("topk", "", 5);
    public static final Op SORT = Op.of("sort", "", 3);

    // Shapes
    public static final Op RESHAPE = Op.of("reshape", "", 2);
    public static final Op VIEW = Op.of("view", "", 2);
    public static final Op VIEW_DTYPE = Op.of("view", "dtype", 2);
    public static final Op TRANSPOSE = Op.of("transpose", "int", 3);
    public static final Op PERMUTE = Op.of("permute", "", 2);
    public static final Op FLATTEN = Op.of("flatten", "using_ints", 3);
    public static final Op UNSQUEEZE = Op.of("unsqueeze", "", 2);
    public static final Op SQUEEZE = Op.of("squeeze", "dim", 2);
    public static final Op AS_STRIDED = Op.of("as_strided", "", 4);
    public static final Op EXPAND = Op.of("expand", "", 3);
    public static final Op CONTIGUOUS = Op.of("contiguous", "", 2);
    public static final Op CLONE = Op.of("clone", "", 2);
    public static final Op SLICE = Op.of("slice", "Tensor", 5);
    public static final Op SELECT = Op.of("select", "int", 3);
    public static final Op INDEX_SELECT = Op.of("index_select", "", 3);
    public static final Op GATHER = Op.of("gather", "", 4);
    public static final Op CAT = Op.of("cat", "", 2);
    public static final Op STACK = Op.of("stack", "", 2);
    public static final Op SPLIT = Op.of("split_with_sizes", "", 3);
    public static final Op CHUNK = Op.of("chunk", "", 3);
    public static final Op REPEAT = Op.of("repeat", "", 2);
    public static final Op REPEAT_INTERLEAVE = Op.of("repeat_interleave", "self_int", 4);
    public static final Op FLIP = Op.of("flip", "", 2);
    public static final Op ROLL = Op.of("roll", "", 3);
    public static final Op TRIL = Op.of("tril", "", 2);
    public static final Op TRIU = Op.of("triu", "", 2);
    public static final Op PAD = Op.of("pad", "", 4);

    // Complex numbers
    public static final Op COMPLEX = Op.of("complex", "", 2);
    public static final Op VIEW_AS_REAL = Op.of("view_as_real", "", 1);
    public static final Op VIEW_AS_COMPLEX = Op.of("view_as_complex", "", 1);
    public static final Op RESOLVE_CONJ = Op.of("resolve_conj", "", 1);
    public static final Op RESOLVE_NEG = Op.of("resolve_neg", "", 1);

    // Matrices, layers, losses
    public static final Op MATMUL = Op.of("matmul", "", 2);
    public static final Op BMM = Op.of("bmm", "", 2);
    public static final Op LINEAR = Op.of("linear", "", 3);
    public static final Op EMBEDDING = Op.of("embedding", "", 5);
    public static final Op EINSUM = Op.of("einsum", "", 3);
    public static final Op RMS_NORM = Op.of("rms_norm", "", 4);
    public static final Op LAYER_NORM = Op.of("layer_norm", "", 6);
    public static final Op GROUP_NORM = Op.of("group_norm", "", 6);
    public static final Op CONV2D = Op.of("conv2d", "", 7);
    public static final Op AVG_POOL2D = Op.of("avg_pool2d", "", 7);
    public static final Op UPSAMPLE_NEAREST2D = Op.of("upsample_nearest2d", "", 4);
    public static final Op UPSAMPLE_BILINEAR2D_AA = Op.of("_upsample_bilinear2d_aa", "", 5);
    public static final Op UPSAMPLE_BILINEAR2D = Op.of("upsample_bilinear2d", "", 5);
    public static final Op UPSAMPLE_BICUBIC2D = Op.of("upsample_bicubic2d", "", 5);
    public static final Op RELU = Op.of("relu", "", 1);
    public static final Op SILU = Op.of("silu", "", 1);
    public static final Op GELU = Op.of("gelu", "", 2);
    public static final Op SOFTMAX = Op.of("softmax", "int", 3);
    public static final Op LOG_SOFTMAX = Op.of("log_softmax", "int", 3);
    public static final Op CROSS_ENTROPY = Op.of("cross_entropy_loss", "", 6);
    public static final Op MSE_LOSS = Op.of("mse_loss", "", 3);
    public static final Op ATTENTION = Op.of("scaled_dot_product_attention", "", 8);

    // Creation, copies, in place
    public static final Op EMPTY = Op.of("empty", "memory_format", 6);
    public static final Op ZEROS = Op.of("zeros", "", 5);
    public static final Op ONES = Op.of("ones", "", 5);
    public static final Op TO_DTYPE = Op.of("to", "dtype", 5);
    public static final Op TO_DEVICE = Op.of("to", "device", 6);
    public static final Op COPY_ = Op.of("copy_", "", 3);
    public static final Op ZERO_ = Op.of("zero_", "", 1);
    public static final Op FILL_ = Op.of("fill_", "Tensor", 2);
    public static final Op NORMAL_ = Op.of("normal_", "", 4);
    public static final Op UNIFORM_ = Op.of("uniform_", "", 4);
    public static final Op RANDOM_ = Op.of("random_", "from", 4);
    public static final Op RANDPERM = Op.of("randperm", "generator", 6);
    public static final Op EQUAL = Op.of("equal", "", 2);

    // Autograd
    public static final Op REQUIRES_GRAD_ = Op.of("requires_grad_", "", 2);
    public static final Op IS_LEAF = Op.of("is_leaf", "", 1);
    public static final Op BACKWARD = Op.of("_backward", "", 5);
    public static final Op DETACH = Op.of("detach", "", 1);

    // Lists at once, optimizers
    public static final Op FOREACH_MUL = Op.of("_foreach_mul_", "Tensor", 2);
    public static final Op FOREACH_LERP = Op.of("_foreach_lerp_", "List", 3);
    public static final Op FOREACH_ADDCMUL = Op.of("_foreach_addcmul_", "Tensor", 4);
    public static final Op FOREACH_ZERO = Op.of("_foreach_zero_", "", 1);
    public static final Op FOREACH_COPY = Op.of("_foreach_copy_", "", 3);
    public static final Op FUSED_ADAMW = Op.of("_fused_adamw_", "", 15);

    /// Titles of the entries outside the dispatcher, for messages.
    public static final Op ADD = Op.of("add", "Tensor", 3);
    public static final Op SUB = Op.of("sub", "Tensor", 3);

    private Aten() {}
}
