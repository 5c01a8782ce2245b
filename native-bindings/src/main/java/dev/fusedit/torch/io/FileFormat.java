package dev.fusedit.torch.io;

import com.google.common.io.BaseEncoding;
import dev.fusedit.torch.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/// What a file is, by its first bytes. The one recogniser: whoever is given a file and cannot use it says by this what it is instead.
public enum FileFormat {
    EMPTY("empty", "Fetch or write it anew"),
    GGUF("a GGUF file", "Give it where a language model's weights are wanted", "47475546"),
    ZSTD("packed with zstd", "Unpack it first: zstd -d", "28b52ffd"),
    SAFETENSORS("a safetensors file", "Give it where weights are wanted"),
    ZIP("a zip archive", "Unpack it, if what is wanted is inside", "504b0304", "504b0506"),
    PICKLE("a Python pickle", "Of pickles those that torch.save wrote are read; save other objects in another form"),
    TAR("a tar archive", "Unpack it, if what is wanted is inside", "257:7573746172"),
    GZIP("packed with gzip", "Unpack it first: gunzip", "1f8b"),
    BZIP2("packed with bzip2", "Unpack it first: bunzip2", "425a68"),
    XZ("packed with xz", "Unpack it first: unxz", "fd377a585a00"),
    LZ4("packed with lz4", "Unpack it first: lz4 -d", "04224d18"),
    SEVEN_ZIP("a 7z archive", "Unpack it, if what is wanted is inside", "377abcaf271c"),
    RAR("a RAR archive", "Unpack it, if what is wanted is inside", "526172211a07"),
    PNG("an image (PNG)", "Give it where images are wanted", "89504e470d0a1a0a"),
    JPEG("an image (JPEG)", "Give it where images are wanted", "ffd8ff"),
    GIF("an image (GIF)", "Give it where images are wanted", "47494638"),
    WEBP("an image (WebP)", "Give it where images are wanted", "8:57454250"),
    AVIF("an image (AVIF)", "Convert it to PNG or JPEG where images are wanted", "4:6674797061766966", "4:6674797061766973"),
    HEIF("an image (HEIC, HEIF)", "Convert it to PNG or JPEG where images are wanted", "4:66747970686569", "4:66747970686576",
            "4:667479706d696631", "4:667479706d736631"),
    JPEG_XL("an image (JPEG XL)", "Convert it to PNG or JPEG where images are wanted", "ff0a", "0000000c4a584c20"),
    JPEG_2000("an image (JPEG 2000)", "Convert it to PNG or JPEG where images are wanted", "0000000c6a502020", "ff4fff51"),
    TIFF("an image (TIFF)", "Give it where images are wanted", "49492a00", "4d4d002a"),
    BMP("an image (BMP)", "Give it where images are wanted"),
    PARQUET("a Parquet table", "Give it where captioned images are wanted, as data.kind: parquet", "50415231"),
    ARROW("an Arrow table", "Convert it: images with captions to tar files, as WebDataset has them", "4152524f5731"),
    HDF5("an HDF5 file, as Keras saves weights", "Convert its tensors to safetensors", "894844460d0a1a0a"),
    NUMPY("a NumPy array", "Save it as safetensors: safetensors.numpy.save_file", "934e554d5059"),
    SQLITE("an SQLite database", "Give another file", "53514c69746520666f726d6174"),
    SENTENCEPIECE("a SentencePiece model", "Give the folder that it lies in where a tokenizer is wanted", "2:0a053c756e6b3e",
            "2:0a053c7061643e"),
    PDF("a PDF document", "Give another file", "25504446"),
    PROGRAM("a program", "Give another file", "7f454c46", "4d5a9000", "cffaedfe"),
    GIT_LFS_POINTER("a Git LFS pointer, a few lines that stand for the file itself",
            "Run 'git lfs pull' in its repository, or fetch the file "
                    + "anew"),
    XET_POINTER("a Xet pointer, a few lines that stand for the file itself", "Fetch the file by the hub's own client: hf download"),
    ANNEX_POINTER("a git-annex pointer, a line that stands for the file itself", "Run 'git annex get' in its repository"),
    HTML("a web page (HTML)", "It is a page about the file, or of an error or a login: fetch the file itself"),
    XML("an XML document", "It may be a server's error: fetch the file itself"),
    JSON("a JSON file", "Give it where JSON is wanted"),
    YAML("a YAML file", "Give it where a recipe is wanted"),
    TEXT("a text", "Give another file"),
    UTF16("a text in UTF-16", "Save it in UTF-8: iconv -f UTF-16 -t UTF-8"),
    UTF32("a text in UTF-32", "Save it in UTF-8: iconv -f UTF-32 -t UTF-8"),
    LATIN1("a text in an 8-bit encoding such as Latin-1", "Save it in UTF-8: iconv -f LATIN1 -t UTF-8"),
    UNKNOWN("of no kind that is known here", "Fetch it anew, or give another file");

    /// As many bytes are looked at.
    static final int HEAD = 4096;

    private final String phrase;
    private final String remedy;
    private final Magic[] magics;

    /// Bytes at a place by which a format is known.
    private record Magic(int at, byte[] bytes) {
        /// `257:7573746172`, or at the beginning `1f8b`.
        static Magic of(String text) {
            int colon = text.indexOf(':');
            return new Magic(colon < 0 ? 0 : Integer.parseInt(text.substring(0, colon)),
                    BaseEncoding.base16().lowerCase().decode(text.substring(colon + 1)));
        }

        boolean isIn(ByteBuffer head) {
            return head.remaining() >= at + bytes.length && head.slice(at, bytes.length).equals(ByteBuffer.wrap(bytes));
        }
    }

    FileFormat(String phrase, String remedy, String... magics) {
        this.phrase = phrase;
        this.remedy = remedy;
        this.magics = Arrays.stream(magics).map(Magic::of).toArray(Magic[]::new);
    }

    /// `a Git LFS pointer, …`: goes on after "is".
    public String phrase() { return phrase; }

    /// That a file is something else than what is wanted, and what to do.
    ///
    /// @param name what the error calls the file
    /// @param wanted `a safetensors file`
    public UserError insteadOf(String wanted, Object name) {
        return new UserError("%s: is %s, not %s. %s".formatted(name, phrase, wanted, remedy));
    }

    /// @throws UserError if it cannot be read
    public static FileFormat of(Path file) {
        try (var bytes = FileBytes.open(file)) {
            return of(bytes);
        }
    }

    static FileFormat of(FileBytes file) { return of(file.head(0, HEAD)); }

    /// @param head the first bytes: all of them, or 4096 and more
    public static FileFormat of(byte[] head) { return of(ByteBuffer.wrap(head, 0, Math.min(head.length, HEAD))); }

    private static FileFormat of(ByteBuffer bytes) {
        var head = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (!head.hasRemaining()) {
            return EMPTY;
        }
        for (var format : values()) {
            if (format.isAt(head)) {
                return format;
            }
        }
        return TextFormat.of(head);
    }

    /// The order matters: a safetensors file's first bytes are a length, which can be the magic number of what comes after it.
    private boolean isAt(ByteBuffer head) {
        return switch (this) {
            case SAFETENSORS -> head.remaining() > 8 && head.getInt(4) == 0 && head.get(8) == '{';
            case PICKLE -> head.remaining() >= 2 && head.get(0) == (byte) 0x80 && head.get(1) >= 0 && head.get(1) <= 5;
            case BMP -> head.remaining() > 10 && head.get(0) == 'B' && head.get(1) == 'M' && head.getInt(6) == 0;
            case BZIP2 -> magics[0].isIn(head) && head.remaining() > 3 && head.get(3) >= '1' && head.get(3) <= '9';
            default -> Arrays.stream(magics).anyMatch(magic -> magic.isIn(head));
        };
    }
}
