package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// A sample that cannot be trained on.
///
/// @param sample its key
/// @param detail in words, of a person
public record Problem(String sample, Cause cause, String detail) {
    /// A line of `data-errors.jsonl`.
    public ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("sample", sample).put("cause", cause.word()).put("detail", detail);
    }
}
