package dev.fusedit.torch.javacpp;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.global.torch;

/// The operators that the presets' libtorch knows, as it prints them.
public final class SchemaListing {
    private SchemaListing() {}

    public static List<String> lines() {
        TorchJni.load();
        var dispatcher = Dispatcher.singleton();
        var names = dispatcher.getAllOpNames();
        return java.util.stream.LongStream.range(0, names.limit()).mapToObj(i -> names.getPointer(OperatorName.class, i))
                .filter(name -> name.name().getString().matches("(aten|mkldnn)::.*")).map(dispatcher::findSchema)
                .filter(found -> found.has_value()).map(found -> torch.toString(found.get().schema()).getString()).sorted().distinct()
                .toList();
    }
}
