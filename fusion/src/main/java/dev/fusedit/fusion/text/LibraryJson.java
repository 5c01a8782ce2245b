package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// What the `tokenizer.json` of every [OwnTokenizer] holds.
final class LibraryJson {
    private LibraryJson() {}

    /// The special tokens, and bos before each text.
    static ObjectNode begin() {
        var root = new ObjectMapper().createObjectNode().put("version", "1.0");
        for (int id = 0; id < OwnTokenizer.SPECIAL.size(); id++) {
            root.withArray("/added_tokens").addObject().put("id", id).put("content", OwnTokenizer.SPECIAL.get(id)).put("single_word", false)
                    .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
        }
        var around = root.putObject("post_processor").put("type", "TemplateProcessing");
        around.withArray("/single").addObject().putObject("SpecialToken").put("id", "<bos>").put("type_id", 0);
        around.withArray("/single").addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        around.withArray("/pair").addAll((ArrayNode) around.path("single")).addObject().putObject("Sequence").put("id", "B").put("type_id",
                0);
        var bos = around.withObject("/special_tokens/<bos>").put("id", "<bos>");
        bos.putArray("ids").add(OwnTokenizer.BOS);
        bos.putArray("tokens").add("<bos>");
        return root;
    }
}
