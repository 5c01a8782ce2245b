package dev.fusedit.torch.io;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An object of a TorchScript program as a pickle has it: the names of its class and attributes. Its code is never looked at.
record PtObject(String type, Map<Object, @Nullable Object> attributes) {
    PtObject(String type) { this(type, new LinkedHashMap<>()); }
}
