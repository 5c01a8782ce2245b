package dev.fusedit.torch.internal.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.javacpp.SchemaListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// After a change of the presets' version, write the list anew and look at the difference:
///
///     mvn -pl native-bindings test -Dtest=SchemasTest -Dfusedit.test.args=-Dfusedit.schemas.write=true
class SchemasTest {
    private static final Path LIST = Path.of("src/main/resources/dev/fusedit/torch/internal/ops/schemas.txt");

    @Test
    @DisabledIfSystemProperty(named = "fusedit.libtorch", matches = ".+",
            disabledReason = "JavaCPP lists the schemas, and is refused on a foreign libtorch")
    void listIsThatOfTheLoadedLibrary() throws IOException {
        var lines = SchemaListing.lines();
        if (Boolean.getBoolean("fusedit.schemas.write")) {
            Files.createDirectories(LIST.getParent());
            Files.write(LIST, lines);
        }
        assertThat(Files.readAllLines(LIST)).isEqualTo(lines);
    }

    @Test
    void everyLineIsUnderstood() {
        var schemas = Schemas.of("2.13.0").all();
        assertThat(schemas).hasSizeGreaterThan(3000);
        assertThat(schemas.stream().filter(Schema::encodable).count()).isGreaterThan(2500);
        var add = Schemas.of("2.13.0").find("aten::add", "Tensor").orElseThrow();
        assertThat(add.arguments()).extracting(Schema.Argument::name).containsExactly("self", "other", "alpha");
        assertThat(add.arguments().getLast()).isEqualTo(new Schema.Argument("alpha", new Schema.Plain(Kind.SCALAR), true, "1"));
        assertThat(add.encodable()).isFalse();
        var conv = Schemas.of("2.13.0").find("aten::conv2d", "").orElseThrow();
        assertThat(conv.arguments().get(3))
                .isEqualTo(new Schema.Argument("stride", new Schema.ListOf(new Schema.Plain(Kind.INT), 2), false, "[1, 1]"));
        assertThat(conv)
                .hasToString("aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=[1, 1], int[2] padding=[0, 0], "
                        + "int[2] dilation=[1, 1], int groups=1)");
    }

    /// A wrong count would read stale words.
    @Test
    void tableOfOpsHasTheSchemasCounts() throws Exception {
        for (var version : List.of("2.13.0", "2.10.0")) {
            for (var field : Aten.class.getFields()) {
                if (field.get(null) instanceof dev.fusedit.torch.internal.abi.Op op) {
                    var schema = Schemas.of(version).find("aten::" + op.name(), op.overload());
                    assertThat(schema).as("%s.%s in %s", op.name(), op.overload(), version).isPresent();
                    assertThat(schema.orElseThrow().arguments()).as(schema.toString()).hasSize(op.arguments());
                }
            }
        }
    }

    @Test
    void similarNamesAreFound() {
        assertThat(Schemas.of("2.13.0").similar("aten::matmull", "")).first().isEqualTo("aten::matmul");
        assertThat(Schemas.of("2.13.0").similar("aten::mul", "Tenser")).contains("\"Tensor\"", "\"Scalar\"");
    }
}
