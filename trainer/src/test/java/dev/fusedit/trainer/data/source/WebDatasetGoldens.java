package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;

final class WebDatasetGoldens {
    private static final Path FOLDER = Path.of("src/test/resources/goldens/webdataset");

    private WebDatasetGoldens() {}

    static JsonNode expected() throws IOException { return new ObjectMapper().readTree(FOLDER.resolve("expected.json").toFile()); }

    static Path file(String name) { return FOLDER.resolve(name); }

    static List<String> texts(JsonNode array) { return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList(); }
}
