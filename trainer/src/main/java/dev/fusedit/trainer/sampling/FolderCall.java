package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.FolderLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/// What a folder's images were asked for by: a JSON file in it, which is locked as long as a process writes there.
///
/// One thread's.
final class FolderCall implements AutoCloseable {
    private final FileChannel file;
    private final String name;

    private FolderCall(FileChannel file, String name) {
        this.file = file;
        this.name = name;
    }

    /// Takes the folder, which is made if it is not there.
    ///
    /// @param place of the folder in messages
    /// @throws UserError if another process writes there
    static FolderCall take(Path folder, String fileName, String place) throws IOException {
        Files.createDirectories(folder);
        var file = FileChannel.open(folder.resolve(fileName), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!FolderLock.take(file, folder)) {
                throw new UserError(
                        "%s is in use: another process writes images there. Wait for it, or give another place".formatted(place));
            }
            return new FolderCall(file, fileName);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /// What an earlier process wrote; missing where there was none, or its write was cut short.
    JsonNode before() throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
        while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {}
        try {
            return JsonFile.object(new String(bytes.array(), StandardCharsets.UTF_8), name, "");
        } catch (UserError _) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    /// On the disk when this returns.
    void write(ObjectNode asked) throws IOException {
        file.truncate(0);
        var bytes = ByteBuffer.wrap((asked + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) file.write(bytes, bytes.position());
        file.force(true);
    }

    /// @param message of what differs
    /// @throws UserError if something does
    static void requireSame(JsonNode before, ObjectNode asked, UnaryOperator<String> message) {
        var other = others(before, asked);
        if (!other.isEmpty()) throw new UserError(message.apply(String.join(", ", other)));
    }

    /// Keys whose values differ.
    static List<String> others(JsonNode before, ObjectNode asked) {
        var keys = new TreeSet<String>();
        before.fieldNames().forEachRemaining(keys::add);
        asked.fieldNames().forEachRemaining(keys::add);
        // compared as text: what is read back may be an int where a long was written
        return keys.stream().filter(key -> !Objects.equals(before.path(key).toString(), asked.path(key).toString())).toList();
    }

    @Override
    public void close() throws IOException { file.close(); }
}
