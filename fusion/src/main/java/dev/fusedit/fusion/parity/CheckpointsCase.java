package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.PtFile;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Files of weights in every format, whole ones and damaged ones. Values have to agree to the bit. A damaged file has to be refused; one
/// that Python loads with a wrong value, or has no verdict on, as well.
record CheckpointsCase(Case files, JsonNode facts, Expected expected) {
    private static final Map<String, String> FILES = Map.of("nested.pt", "nested/", "nested_legacy.pt", "nested/", "ema.pt.zst", "ema/",
            "sharded/model.safetensors.index.json", "sharded/", "bf16.safetensors", "bf16/");
    private static final String NESTED_IN = "model.";

    static boolean is(Case here) {
        return here.has("expected.json") ? here.json("expected.json").has("corrupt")
                : here.has("nested.pt") || here.has("nested_legacy.pt");
    }

    static CaseResult run(Case files) {
        try (var values = SafeTensors.open(files.file("expected.safetensors"))) {
            var here = new CheckpointsCase(files, files.json("expected.json"), new Expected(values, _ -> true));
            FILES.forEach(here::compare);
            for (var entry : here.facts.path("corrupt").properties()) {
                here.expected.check("corrupt/" + entry.getKey(), here.isAsStated(entry.getKey(), entry.getValue()));
            }
            return here.expected.result(files.name());
        }
    }

    private void compare(String name, String prefix) {
        try (var source = TensorFiles.open(files.file(name)); var _ = TensorScope.open()) {
            for (var key : expected.names().stream().filter(key -> key.startsWith(prefix)).toList()) {
                var own = key.substring(prefix.length());
                expected.compare(key, source.read(source.names().contains(own) ? own : NESTED_IN + own), Tolerance.EXACT);
            }
            if (source instanceof PtFile file && prefix.equals("nested/")) {
                compareFacts(name, file);
            }
        }
    }

    private void compareFacts(String name, PtFile file) {
        for (var entry : facts.path("nested").path("tensors").properties()) {
            var info = file.tensors().get(NESTED_IN + entry.getKey());
            expected.check(name + ": kind of " + entry.getKey(), isOfKind(info, entry.getValue()));
        }
        facts.path("nested").path("other").properties().forEach(entry -> compareValue(name, file, entry.getKey(), entry.getValue()));
    }

    private static DType dtype(String python) {
        return switch (python) {
            case "float64" -> DType.F64;
            case "float32" -> DType.F32;
            case "float16" -> DType.F16;
            case "bfloat16" -> DType.BF16;
            case "int64" -> DType.I64;
            case "int32" -> DType.I32;
            case "int16" -> DType.I16;
            case "int8" -> DType.I8;
            case "uint8" -> DType.U8;
            case "bool" -> DType.BOOL;
            default -> throw new UserError("expected.json: the dtype %s is not known".formatted(python));
        };
    }

    /// Containers go piece by piece; `a[0]` is our `a.0`.
    private void compareValue(String name, PtFile file, String key, JsonNode value) {
        if (value.isObject()) {
            value.properties().forEach(entry -> compareValue(name, file, key + "." + entry.getKey(), entry.getValue()));
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                compareValue(name, file, key + "." + i, value.get(i));
            }
        } else {
            expected.check(name + ": " + key, isSame(file, key.replaceAll("\\[(\\d+)]", ".$1"), value));
        }
    }

    private static boolean isSame(PtFile file, String key, JsonNode value) {
        if (file.names().contains(key)) {
            return value.isNumber() && file.read(key).item() == value.doubleValue();
        }
        return file.values().containsKey(key) && switch (file.values().get(key)) {
            case null -> value.isNull();
            case Long number -> value.isIntegralNumber() && value.longValue() == number;
            case Double number -> value.isNumber() ? value.doubleValue() == number
                    : value.asText().equals("inf") && number == Double.POSITIVE_INFINITY;
            case Boolean truth -> value.isBoolean() && value.booleanValue() == truth;
            case String text -> value.isTextual() && value.textValue().equals(text);
            default -> false;
        };
    }

    private boolean isAsStated(String name, JsonNode verdict) {
        var loads = verdict.path("loads").asBoolean() && verdict.path("same_values").asBoolean(true);
        try {
            return (name.endsWith(".json") ? loadsBesideShards(name) : loads(files.file("corrupt/" + name), verdict)) == loads;
        } catch (IOException e) {
            throw new UserError("%s: cannot be tried (%s)".formatted(name, e.getMessage()), e);
        }
    }

    private boolean loadsBesideShards(String index) throws IOException {
        var folder = Files.createTempDirectory("fusedit-parity");
        try (var shards = Files.list(files.file("sharded"))) {
            for (var shard : shards.toList()) {
                Files.copy(shard, folder.resolve(shard.getFileName()));
            }
            var path = folder.resolve("model.safetensors.index.json");
            Files.copy(files.file("corrupt/" + index), path, StandardCopyOption.REPLACE_EXISTING);
            return loads(path, files.json("corrupt/" + index));
        } finally {
            delete(folder);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /// True if every tensor can be read, and those that the verdict names are what it says.
    private static boolean loads(Path path, JsonNode verdict) {
        try (var source = TensorFiles.open(path)) {
            source.names().forEach(name -> TensorScope.scoped(() -> source.read(name)).free());
            var stated = verdict.path("tensors");
            return stated.isMissingNode() || stated.size() == source.names().size()
                    && stated.properties().stream().allMatch(entry -> isOfKind(source.tensors().get(entry.getKey()), entry.getValue()));
        } catch (UserError e) {
            return false;
        }
    }

    private static boolean isOfKind(@Nullable TensorInfo info, JsonNode stated) {
        return info != null && info.dtype() == dtype(stated.path("dtype").textValue())
                && Arrays.equals(info.shape(), stated.path("shape").valueStream().mapToLong(JsonNode::longValue).toArray());
    }
}
