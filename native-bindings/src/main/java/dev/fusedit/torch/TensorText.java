package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.ScalarTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// A tensor as PyTorch prints it with its default options: four digits, lines of 80 columns, of more than 1,000 elements the three at each
/// end of every dimension. What is usual goes without saying: the CPU, f32, i64, bool, c64; an empty tensor tells its size and dtype.
///
/// Other than there: a tensor that an op made of one that requires a gradient says `requires_grad=True` too, since libtorch's C ABI does
/// not tell that op's name; sparse tensors, and dtypes that have no place here ([DType]), show no elements.
final class TensorText {
    private static final int WHOLE = 1000;
    private static final int EDGE = 3;
    private static final int COLUMNS = 80;
    private static final String BEGIN = "tensor(";

    private final long[] sizes;
    private final boolean shortens;
    private final List<String> elements;
    private final int perLine;
    private int next;

    static String of(Tensor tensor) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var values = tensor.detach();
            var hidden = !DType.isKnown(values.dtypeCode()) || values.ask("toString", handle -> Handles.hasStorage(handle) ? 1 : 0) == 0;
            var body = hidden ? "..." : values.numel() == 0 ? "[]" : new TensorText(values).body();
            return suffixed(BEGIN + body, suffixes(tensor, hidden));
        }
    }

    private TensorText(Tensor values) {
        sizes = values.shape();
        shortens = values.numel() > WHOLE;
        var shown = shortens ? ends(values) : values;
        var formats = NumberFormats.of(shown);
        elements = formats.elements();
        perLine = formats.width() + 2;
    }

    /// Those elements that are shown, in a tensor of as many dimensions.
    private static Tensor ends(Tensor values) {
        for (int dim = 0; dim < values.rank(); dim++) {
            if (values.size(dim) > 2 * EDGE) {
                values = Tensor.cat(dim, values.narrow(dim, 0, EDGE), values.narrow(dim, values.size(dim) - EDGE, EDGE));
            }
        }
        return values;
    }

    private String body() { return sizes.length == 0 ? elements.getFirst() : text(0); }

    private String text(int dim) {
        boolean innermost = dim == sizes.length - 1;
        boolean cut = shortens && sizes[dim] > 2 * EDGE;
        var parts = new ArrayList<String>();
        for (int i = 0; i < (cut ? 2 * EDGE : sizes[dim]); i++) {
            if (cut && i == EDGE) {
                parts.add(innermost ? " ..." : "...");
            }
            parts.add(innermost ? elements.get(next++) : text(dim + 1));
        }
        var indent = " ".repeat(BEGIN.length() + dim + 1);
        return innermost ? "[" + lines(parts, BEGIN.length() + dim, indent) + "]"
                : "[" + String.join("," + "\n".repeat(sizes.length - 1 - dim) + indent, parts) + "]";
    }

    private String lines(List<String> parts, int column, String indent) {
        int each = Math.max(1, (COLUMNS - column) / perLine);
        var lines = new ArrayList<String>();
        for (int i = 0; i < parts.size(); i += each) {
            lines.add(String.join(", ", parts.subList(i, Math.min(parts.size(), i + each))));
        }
        return String.join(",\n" + indent, lines);
    }

    // ---- behind the elements

    private static List<String> suffixes(Tensor tensor, boolean hidden) {
        var suffixes = new ArrayList<String>();
        if (!tensor.device().isCpu()) {
            suffixes.add("device='" + tensor.device() + "'");
        }
        boolean empty = tensor.numel() == 0;
        if (hidden || empty && tensor.rank() != 1) {
            suffixes.add("size=" + tuple(tensor.shape()));
        }
        int code = tensor.dtypeCode();
        boolean usual = code == DType.F32.code()
                || !empty && !hidden && (code == DType.I64.code() || code == DType.BOOL.code() || code == DType.C64.code());
        if (!usual) {
            suffixes.add("dtype=torch." + ScalarTypes.name(code));
        }
        if (tensor.requiresGrad()) {
            suffixes.add("requires_grad=True");
        }
        return suffixes;
    }

    private static String tuple(long[] sizes) {
        return Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", sizes.length == 1 ? ",)" : ")"));
    }

    private static String suffixed(String text, List<String> suffixes) {
        var result = new StringBuilder(text);
        int column = text.length() - text.lastIndexOf('\n') + 1;
        for (var suffix : suffixes) {
            if (column + suffix.length() + 2 > COLUMNS) {
                result.append(",\n").append(" ".repeat(BEGIN.length())).append(suffix);
                column = BEGIN.length() + suffix.length();
            } else {
                result.append(", ").append(suffix);
                column += suffix.length() + 2;
            }
        }
        return result.append(')').toString();
    }
}
