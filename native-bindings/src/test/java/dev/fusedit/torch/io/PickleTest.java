package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PickleTest {
    private static final String STORAGE = "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" + "0X\3\0\0\0cpuK\6tQ";
    private static final String TENSOR = "ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE;

    private static @Nullable Object read(String pickle) {
        return Pickle.read(new PickleInput(ByteBuffer.wrap(pickle.getBytes(StandardCharsets.ISO_8859_1))), new HashMap<>());
    }

    @Test
    void containersAndNumbers() {
        assertThat(read(
                "\u0080\2}(X\1\0\0\0aK\7X\1\0\0\0b](K\1M\2\1J\377\377\377\377G?\370\0\0\0\0\0\0eX\1\0\0\0cNX\1\0\0\0d\u0088X\1\0\0\0e\u0089u."))
                .isEqualTo(new HashMap<>() {
                    {
                        put("a", 7L);
                        put("b", List.of(1L, 258L, -1L, 1.5));
                        put("c", null);
                        put("d", true);
                        put("e", false);
                    }
                });
        assertThat(read("\u008a\2\0\200.")).isEqualTo(-32768L);
    }

    /// pickle_protocol=4 and 5 name globals on the stack and number what they remember by themselves.
    @Test
    void laterProtocols() {
        assertThat(read("\u0080\4\u0095\5\0\0\0\0\0\0\0\u008c\13collections\u008c\13OrderedDict\u0093\u0094)R.")).isEqualTo(Map.of());
        assertThat(read("]\u0094(K\1h\0a\u0085e.".replace("h\0a", ""))).isInstanceOf(List.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cos\nsystem\n", "cbuiltins\neval\n", "ctorch\nload\n", "cnumpy.core.multiarray\n_reconstruct\n",
        "c__builtin__\ngetattr\n",
        "\u008c\2os\u008c\6system\u0093"})
    void everyOtherGlobalIsRefusedByName(String global) {
        var name = global.charAt(0) == 'c' ? global.substring(1).replaceFirst("\n", ".").trim() : "os.system";
        assertThatThrownBy(() -> read(global + "(X\4\0\0\0truetR.")).isInstanceOf(PickleException.class)
                .hasMessageStartingWith("names " + name + ", ");
    }

    /// What its class would do with them is not asked.
    @Test
    void anObjectOfAProgramIsItsAttributes() {
        assertThat(read("c__torch__.a\nB\n)\u0081}X\1\0\0\0wK\7sb.")).isEqualTo(new PtObject("__torch__.a.B", Map.of("w", 7L)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "K", ".", "K\1", "h\1.", "R.", "t.", "(.", "(a.", "]u.", "]b.", "}]K\1s.", "}K\1s.", "K\1K\2R.",
        "X\377\377\377\377a.",
        "\u008d\377\377\377\377\377\377\377\177a.", "\u0080\1.", "\u0080\u00ff.", "P1\n.", "(i os\nsystem\n.", "\u0082\1.", "K\1Q.",
        "ctorch\nSize\n)R.",
        "ctorch\nFloatStorage\n)R.", "\u008a\u00ff.", "((((((((", "c__torch__.a\nB\n)R.", "c__torch__.a\nB\n(K\1t\u0081.",
        "ccollections\nOrderedDict\n)\u0081.", "c__torch__.a\nB\n)\u0081K\1b.", "\u0081."})
    void nonsenseIsRefused(String pickle) { assertThatThrownBy(() -> read(pickle)).isInstanceOf(PickleException.class); }

    @Test
    void viewsStayInsideTheirStorage() {
        assertThat(read(TENSOR + "K\0K\2K\3\u0086K\3K\1\u0086\u0089NtR.")).isInstanceOf(PtTensor.class);
        assertThatThrownBy(() -> read(TENSOR + "K\1K\2K\3\u0086K\3K\1\u0086\u0089NtR."))
                .hasMessage("a tensor reaches element 7 of a storage of 6");
        assertThatThrownBy(() -> read(TENSOR + "K\0K\2K\3\u0086K\4K\1\u0086\u0089NtR."))
                .hasMessage("a tensor reaches element 7 of a storage of 6");
        assertThatThrownBy(() -> read(TENSOR + "J\377\377\377\377K\2\u0085K\1\u0085\u0089NtR."))
                .hasMessage("a tensor begins at element -1");
        assertThatThrownBy(() -> read(TENSOR + "K\0J\376\377\377\377\u0085K\1\u0085\u0089NtR.")).hasMessageContaining("sizes [-2]");
        assertThatThrownBy(() -> read(TENSOR + "K\0K\2\u0085)\u0089NtR.")).hasMessageContaining("1 sizes and 0 strides");
        var huge = "\u008a\10\0\0\0\0\0\0\0\100";
        assertThatThrownBy(() -> read(TENSOR + "K\0" + huge + huge + "\u0086K\0K\0\u0086\u0089NtR.")).hasMessageContaining("overflow");
    }

    @Test
    void oneStorageHasOneSize() {
        assertThatThrownBy(() -> read("](" + STORAGE + STORAGE.replace("K\6", "K\5") + "e."))
                .hasMessage("names storage '0' with two sizes or dtypes");
    }

    @Test
    void containersInThemselvesEnd() {
        assertThatThrownBy(() -> PtContents.of(read("]q\0h\0a."))).hasMessageContaining("too deep or too often");
        var doubled = new ByteArrayOutputStream();
        doubled.writeBytes("]q\0K\1a".getBytes(StandardCharsets.ISO_8859_1));
        for (int i = 0; i < 50; i++) { // each list holds the one before twice
            doubled.writeBytes("0](h\0h\0eq\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        doubled.write('.');
        assertThatThrownBy(() -> PtContents.of(read(doubled.toString(StandardCharsets.ISO_8859_1))))
                .hasMessageContaining("too deep or too often");
    }

    @Test
    void namesAreUnique() {
        assertThatThrownBy(() -> PtContents.of(read("}(X\1\0\0\0a}X\1\0\0\0bK\1sX\3\0\0\0a.bK\2u.")))
                .hasMessageContaining("two values that come to the name 'a.b'");
    }
}
