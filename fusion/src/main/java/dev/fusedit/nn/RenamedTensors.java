package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.torch.io.TensorView;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A file of tensors under other names: those that a model asks for. Closing it closes the file.
///
/// @param namesInFile the file's name of each of ours
public record RenamedTensors(TensorSource file, Map<String, String> namesInFile) implements TensorView {
    private static final Pattern WRAPPING =
            Pattern.compile("(?<=^|\\.)(module|_orig_mod|_orig_module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\\.");

    /// @param ours our name of each of the file's, null for a tensor that is left out
    public static RenamedTensors of(TensorSource file, Function<String, @Nullable String> ours) {
        var names = new LinkedHashMap<String, String>();
        file.names().forEach(theirs -> {
            var own = ours.apply(theirs);
            if (own != null) {
                names.put(own, theirs);
            }
        });
        return new RenamedTensors(file, names);
    }

    /// Without what training libraries put between the pieces of a name when they wrap a module: torch.compile, DDP, FSDP.
    ///
    /// @throws UserError if two tensors of the file have the same name then
    public static TensorSource unwrapped(TensorSource file) {
        if (file.names().stream().noneMatch(name -> WRAPPING.matcher(name).find())) {
            return file;
        }
        var theirs = new HashMap<String, String>();
        return of(file, name -> {
            var plain = WRAPPING.matcher(name).replaceAll("");
            var other = theirs.put(plain, name);
            if (other != null) {
                throw new UserError(
                        "%s: holds '%s' twice, as '%s' and as '%s'. Save the weights once".formatted(file.path(), plain, other, name));
            }
            return plain;
        });
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        var tensors = new LinkedHashMap<String, TensorInfo>();
        namesInFile.forEach((own, theirs) -> tensors.put(own, Objects.requireNonNull(file.tensors().get(theirs))));
        return tensors;
    }

    @Override
    public Tensor read(String name) { return file.read(namesInFile.getOrDefault(name, name)); }
}
