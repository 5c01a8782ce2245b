package dev.fusedit.torch.distributed;

import com.google.common.io.ByteArrayDataInput;
import com.google.common.io.ByteArrayDataOutput;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/// Texts in what processes say to each other, of any length: `writeUTF`'s have 64 KiB at most.
public final class MessageTexts {
    private MessageTexts() {}

    public static void write(ByteArrayDataOutput out, String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    public static String read(ByteArrayDataInput in) {
        var utf8 = new byte[in.readInt()];
        in.readFully(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    public static void writeAll(ByteArrayDataOutput out, List<String> texts) {
        out.writeInt(texts.size());
        texts.forEach(text -> write(out, text));
    }

    public static List<String> readAll(ByteArrayDataInput in) { return IntStream.range(0, in.readInt()).mapToObj(_ -> read(in)).toList(); }
}
