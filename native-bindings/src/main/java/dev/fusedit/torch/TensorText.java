package dev.fusedit.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A tensor as text: its values, shortened beyond 1,000 elements to the three at each end of every dimension.
final class TensorText {
    private static final int WHOLE = 1000;
    private static final int EDGE = 3;

    private TensorText() {}

    static String of(Tensor tensor) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var shape = Arrays.stream(tensor.shape()).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
            var code = tensor.dtypeCode();
            if (!DType.isKnown(code)) {
                return "Tensor(..., shape=" + shape + ", " + DType.text(code) + ", " + tensor.device() + ")";
            }
            var values = tensor.numel() == 0 ? "[]" : text(tensor.detach(), tensor.numel() > WHOLE, "       ");
            return "Tensor(" + values + ", shape=" + shape + ", " + tensor.dtype() + ", " + tensor.device() + ")";
        }
    }

    private static String text(Tensor tensor, boolean shorten, String indent) {
        if (tensor.rank() == 0) {
            return number(tensor);
        }
        var parts = new ArrayList<String>();
        for (var i : places(tensor.size(0), shorten)) {
            parts.add(i < 0 ? "..." : text(tensor.get(i), shorten, indent + " "));
        }
        return parts.stream().collect(Collectors.joining(tensor.rank() == 1 ? ", " : ",\n" + indent, "[", "]"));
    }

    private static List<Long> places(long size, boolean shorten) {
        var places = new ArrayList<Long>();
        for (long i = 0; i < size; i++) {
            if (shorten && size > 2 * EDGE && i == EDGE) {
                places.add(-1L);
                i = size - EDGE;
            }
            places.add(i);
        }
        return places;
    }

    private static String number(Tensor scalar) {
        if (scalar.isComplex()) {
            var parts = scalar.viewAsReal();
            var imaginary = number(parts.get(1));
            return number(parts.get(0)) + (imaginary.startsWith("-") ? "" : "+") + imaginary + "j";
        }
        if (scalar.dtype() == DType.BOOL) {
            return scalar.itemLong() == 1 ? "true" : "false";
        }
        if (!scalar.isFloating()) {
            return Long.toString(scalar.itemLong());
        }
        var value = scalar.item();
        var size = Math.abs(value);
        if (size != 0 && (size < 1e-3 || size >= 1e6)) {
            return String.format(Locale.ROOT, "%.4e", value);
        }
        return value == Math.rint(value) && size < 1e6 ? String.format(Locale.ROOT, "%.1f", value)
                : String.format(Locale.ROOT, "%.4f", value);
    }
}
