package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.fusion.parity.ParityReport.Worst;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The expected tensors of one case, and which of them were compared with what error.
public final class Expected {
    private final @Nullable SafeTensors file;
    private final Device device;
    private final Set<String> unchecked;
    private @Nullable Worst worst;
    private final Set<String> beyond = new LinkedHashSet<>();
    private int checked;

    /// Of a case on the CPU.
    public Expected(SafeTensors file, Predicate<String> isExpected) { this(file, isExpected, Device.CPU); }

    /// @param device where inputs are read to
    public Expected(SafeTensors file, Predicate<String> isExpected, Device device) {
        this.file = file;
        this.device = device;
        this.unchecked = new LinkedHashSet<>(file.entries().keySet().stream().filter(isExpected).sorted().toList());
    }

    /// Of a case whose expected numbers come from elsewhere, one by one.
    public Expected() {
        this.file = null;
        this.device = Device.CPU;
        this.unchecked = new LinkedHashSet<>();
    }

    private SafeTensors file() { return Objects.requireNonNull(file, "there is no file of tensors"); }

    public boolean has(String name) { return file != null && file.contains(name); }

    public Set<String> names() { return file().entries().keySet(); }

    /// An input that is kept among the expected tensors, on the case's device.
    public Tensor read(String name) { return TensorScope.scoped(() -> file().read(name).to(device)); }

    /// What is compared of a tensor, wherever it lies. On the meta device there are no numbers: each is NaN, beyond every tolerance, so
    /// that a case is computed to its end.
    static double[] numbers(Tensor actual) {
        if (!actual.device().isMeta()) {
            return actual.toDoubles();
        }
        var none = new double[Math.toIntExact(actual.numel())];
        Arrays.fill(none, Double.NaN);
        return none;
    }

    /// The one number of a loss or a norm, as [#numbers].
    static double number(Tensor actual) { return numbers(actual)[0]; }

    public long[] shape(String name) {
        var entry = file().entries().get(name);
        if (entry == null) {
            throw new UserError("%s: has no tensor '%s'".formatted(file().path(), name));
        }
        return entry.shape();
    }

    public double[] values(String name) {
        try (var _ = TensorScope.open()) {
            return file().read(name).toDoubles();
        }
    }

    /// An input that is kept among the expected tensors: whole numbers in rows.
    public long[][] rows(String name) {
        try (var _ = TensorScope.open()) {
            var shape = shape(name);
            if (shape.length != 2) {
                throw new UserError("%s: '%s' must be rows of whole numbers, got the shape %s".formatted(file().path(), name,
                        Arrays.toString(shape)));
            }
            var values = file().read(name).toLongs();
            var width = (int) shape[1];
            return IntStream.range(0, (int) shape[0]).mapToObj(i -> Arrays.copyOfRange(values, i * width, (i + 1) * width))
                    .toArray(long[][]::new);
        }
    }

    /// Compares the first rows of each sample, as many as `rows` says; both tensors are (B, rows, width).
    public void compareRows(String name, Tensor actual, int[] rows, Tolerance tolerance) {
        if (has(name)) {
            record(name, errorOfRows(name, actual, rows, tolerance), tolerance.limit);
        }
    }

    /// True if the first rows of each sample are expected so; this does not count as a comparison.
    boolean agreeRows(String name, Tensor actual, int[] rows, Tolerance tolerance) {
        return has(name) && errorOfRows(name, actual, rows, tolerance) <= tolerance.limit;
    }

    private double errorOfRows(String name, Tensor actual, int[] rows, Tolerance tolerance) {
        try (var _ = TensorScope.open()) {
            var shape = shape(name);
            var fits = actual.rank() == 3 && shape.length == 3 && shape[0] == rows.length && actual.size(2) == shape[2]
                    && Arrays.stream(rows).allMatch(count -> count <= Math.min(actual.size(1), shape[1]));
            return fits ? tolerance.error(first(actual, rows), first(file().read(name), rows), new double[0]) : Double.POSITIVE_INFINITY;
        }
    }

    private static double[] first(Tensor tensor, int[] rows) {
        return IntStream.range(0, rows.length).boxed()
                .flatMapToDouble(b -> Arrays.stream(numbers(tensor.select(0, b).narrow(0, 0, rows[b]).contiguous()))).toArray();
    }

    /// Compares, if this case expects such a tensor.
    public void compare(String name, Tensor actual, Tolerance tolerance) {
        if (has(name)) {
            var sameShape = Arrays.equals(actual.shape(), shape(name));
            record(name, sameShape ? tolerance.error(numbers(actual), values(name), new double[0]) : Double.POSITIVE_INFINITY,
                    tolerance.limit);
        }
    }

    public void compare(String name, double[] actual, Tolerance tolerance) { compare(name, actual, new double[0], tolerance); }

    public void compare(String name, double[] actual, double[] scale, Tolerance tolerance) {
        if (has(name)) {
            var expected = values(name);
            record(name, actual.length == expected.length ? tolerance.error(actual, expected, scale) : Double.POSITIVE_INFINITY,
                    tolerance.limit);
        }
    }

    /// Numbers that are expected, but not in the file.
    public void compareNumbers(String name, double[] actual, double[] wanted, Tolerance tolerance) {
        unchecked.add(name);
        var asMany = actual.length == wanted.length && wanted.length > 0;
        record(name, asMany ? tolerance.error(actual, wanted, new double[0]) : Double.POSITIVE_INFINITY, tolerance.limit);
    }

    /// Something expected that is no tensor.
    public void check(String name, boolean holds) {
        unchecked.add(name);
        record(name, holds ? 0 : Double.POSITIVE_INFINITY, Tolerance.EXACT.limit);
    }

    private void record(String name, double error, double limit) {
        if (unchecked.remove(name)) {
            checked++;
        }
        if (!(error <= limit)) {
            beyond.add(name);
        }
        var here = new Worst(name, error, limit);
        worst = worst == null || here.nearness() > worst.nearness() ? here : worst;
    }

    public CaseResult result(String name) {
        return new CaseResult(name, beyond.isEmpty() && unchecked.isEmpty() && checked > 0, null, checked, List.copyOf(unchecked),
                List.copyOf(beyond), false, worst);
    }
}
