package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A text as its bytes in UTF-8, each an id: 4 + the byte. Any text of any script has ids, none is unknown; a text is as long as its bytes.
public record ByteTokenizer() implements OwnTokenizer {
    static final String TYPE = "bytes";
    private static final int BYTES = 256;

    @Override
    public int size() { return SPECIAL.size() + BYTES; }

    /// A character that does not fit whole is cut between its bytes.
    @Override
    public int[] encode(String text, int longest) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var ids = new int[(int) Math.min(1L + bytes.length, longest)];
        Arrays.setAll(ids, i -> i == 0 ? BOS : SPECIAL.size() + (bytes[i - 1] & 0xFF));
        return ids;
    }

    @Override
    public String toJson() { return new ObjectMapper().createObjectNode().put("type", TYPE).toPrettyString(); }

    /// Byte-level BPE without merges.
    @Override
    public String toLibraryJson() {
        var root = LibraryJson.begin();
        root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", false)
                .put("use_regex", false);
        root.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", false).put("use_regex",
                false);
        var model = root.putObject("model").put("type", "BPE").putNull("dropout").putNull("unk_token");
        var vocabulary = model.putObject("vocab");
        SPECIAL.forEach(special -> vocabulary.put(special, SPECIAL.indexOf(special)));
        for (int b = 0; b < BYTES; b++) vocabulary.put(String.valueOf(letter(b)), SPECIAL.size() + b);
        model.putArray("merges");
        return root.toPrettyString();
    }

    /// The letter by which byte-level BPE writes a byte: itself where it is printable, else the next free one from U+0100 on.
    private static char letter(int wanted) {
        return isPrintable(wanted) ? (char) wanted
                : (char) (256 + java.util.stream.IntStream.range(0, wanted).filter(b -> !isPrintable(b)).count());
    }

    private static boolean isPrintable(int b) { return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE; }
}
