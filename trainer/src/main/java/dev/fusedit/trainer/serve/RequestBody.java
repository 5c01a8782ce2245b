package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.io.JsonFile;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// The JSON object of a request. What it may be by its size, Helidon asks first; when it has to be there, [Connections].
final class RequestBody {
    /// What errors call it.
    static final String NAME = "the request";

    private RequestBody() {}

    /// @param most bytes
    /// @throws Refusal if it is too long, or not said to be JSON: a form of a foreign page cannot say that
    /// @throws dev.fusedit.torch.UserError if it is no JSON object
    static ObjectNode json(ServerRequest request, int most) {
        var type = request.headers().contains(HeaderNames.CONTENT_TYPE) ? request.headers().get(HeaderNames.CONTENT_TYPE).get() : "";
        if (!type.matches("(?i)application/json *(;.*)?")) throw Refusal.of(415, "send JSON, with 'Content-Type: application/json'");
        return json(bytes(request, most));
    }

    /// @throws Refusal if it is not UTF-8
    /// @throws dev.fusedit.torch.UserError if it is no JSON object
    static ObjectNode json(byte[] bytes) { return JsonFile.object(text(bytes), NAME, "Send a JSON object"); }

    private static byte[] bytes(ServerRequest request, int most) {
        if (!request.content().hasEntity()) return new byte[0];
        try (var in = request.content().inputStream()) {
            var bytes = in.readNBytes(most + 1);
            if (bytes.length > most) throw Refusal.of(413, "the request has more than %d bytes".formatted(most));
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw Refusal.of(400, "the request is not UTF-8");
        }
    }
}
