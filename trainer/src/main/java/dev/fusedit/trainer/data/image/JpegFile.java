package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.image.TurboJpeg;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// @param segments of the header: all before the first scan
/// @param scans where the first scan begins
record JpegFile(byte[] file, List<Segment> segments, int scans, Frame frame, Orientation orientation) implements ImageFile {
    private static final int START_OF_SCAN = 0xda;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final int COMMENT = 0xfe;

    /// A block of 64 pixels takes at least one bit.
    private static final long MOST_PACKED = 512;
    private static final byte[] JFIF_SEGMENT = {-1, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};

    /// @param start of the content, after marker and length
    private record Segment(int marker, int start, int end) {}

    /// What the frame header says.
    ///
    /// @param marker of its kind
    /// @param bits of a sample
    /// @param components their ids
    /// @param sampling of each: how many samples it has beside one of the coarsest component's, across in the upper half, down in the lower
    private record Frame(int marker, int bits, ImageSize size, byte[] components, byte[] sampling) {
        private static final int PROGRESSIVE = 0xc2;

        static boolean begins(int marker) {
            return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        }

        static Frame of(int marker, ByteBuffer file, int start) throws BadImage {
            var size = ImageSize.of(file.getShort(start + 3) & 0xffff, file.getShort(start + 1) & 0xffff);
            var components = new byte[file.get(start + 5) & 0xff];
            var sampling = new byte[components.length];
            for (int i = 0; i < components.length; i++) {
                components[i] = file.get(start + 6 + 3 * i);
                sampling[i] = file.get(start + 7 + 3 * i);
            }
            if (components.length != 1 && components.length != 3 && components.length != 4) {
                throw new BadImage("it has %d channels, which are not known".formatted(components.length));
            }
            return new Frame(marker, file.get(start) & 0xff, size, components, sampling);
        }

        boolean isColour() { return components.length == 3; }

        boolean isProgressive() { return marker == PROGRESSIVE; }

        /// Huffman-coded in 8 bits, grey or with colours in full or halves: what every libjpeg decodes to the same bits.
        boolean isUsual() {
            boolean isCoarse = sampling.length == 1 || sampling[1] == 0x11 && sampling[2] == 0x11;
            return marker <= PROGRESSIVE && bits == 8 && isCoarse && (sampling[0] == 0x11 || sampling[0] == 0x21 || sampling[0] == 0x22);
        }

        boolean isNamedRgb() { return Arrays.equals(components, new byte[] {'R', 'G', 'B'}); }
    }

    static JpegFile of(byte[] file) throws BadImage {
        var bytes = ByteBuffer.wrap(file);
        var segments = new ArrayList<Segment>();
        var frame = Optional.<Frame>empty();
        var orientation = Optional.<Orientation>empty();
        int at = 2;
        for (int marker = marker(bytes, at); marker != START_OF_SCAN; marker = marker(bytes, at)) {
            at = afterFill(bytes, at);
            var segment = new Segment(marker, at + 4, at + 2 + (bytes.getShort(at + 2) & 0xffff));
            if (marker == END_OF_IMAGE || segment.end < segment.start) throw new BadImage("its header is damaged");
            segments.add(segment);
            if (Frame.begins(marker) && frame.isEmpty()) frame = Optional.of(Frame.of(marker, bytes, segment.start));
            if (marker == APP1 && orientation.isEmpty() && startsWith(file, segment, "Exif\0\0")) {
                orientation = Optional.of(Orientation.ofExif(bytes.slice(segment.start, segment.end - segment.start)));
            }
            at = segment.end;
        }
        if (frame.isEmpty()) throw new BadImage("its header does not say its size");
        return new JpegFile(file, segments, at, frame.get(), orientation.orElse(Orientation.UPRIGHT));
    }

    /// The marker at a place, where there has to be one.
    private static int marker(ByteBuffer bytes, int at) throws BadImage {
        if (bytes.get(at) != -1) throw new BadImage("its header is damaged");
        return bytes.get(afterFill(bytes, at) + 1) & 0xff;
    }

    /// A marker may have any number of bytes 255 before it.
    private static int afterFill(ByteBuffer bytes, int at) {
        int last = at;
        while (bytes.get(last + 1) == -1) {
            last++;
        }
        return last;
    }

    private static boolean startsWith(byte[] file, Segment segment, String text) {
        return segment.end <= file.length && segment.end - segment.start >= text.length()
                && text.equals(new String(file, segment.start, text.length(), StandardCharsets.ISO_8859_1));
    }

    @Override
    public ImageSize size() { return frame.size; }

    @Override
    public Optional<String> damage() {
        if (size().pixels() > MOST_PACKED * file.length) return Optional.of("it has fewer pixels than it says");
        try {
            return new JpegScans(file, frame.components).damage(scans);
        } catch (IndexOutOfBoundsException _) {
            return Optional.of("it ends before its last scan does");
        }
    }

    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException {
        return read(how, warnings, isForTurbo() ? TurboJpeg.ofSystem() : Optional.empty());
    }

    RgbImage read(ImageDecoding how, Consumer<String> warnings, Optional<TurboJpeg> turbo) throws IOException {
        var plain = plain();
        var rgb = turbo.flatMap(library -> library.rgb(plain, size().width(), size().height()));
        if (rgb.isPresent()) return new RgbImage(size().width(), size().height(), rgb.get());
        return new DecodedRaster(ImageReaders.read("jpeg", plain, warnings), new int[0]).rgb(how);
    }

    /// Whether libjpeg-turbo is known to make the same pixels of it as the JDK's reader. What it complains of is read by that one: the same is
    /// said of a cut or damaged file, and made of it, with and without the library. Of a progressive file that is not whole they make
    /// different ones, and of damage that neither notices they may: vectors have 16 bits for sums that are larger then.
    boolean isForTurbo() {
        return frame.isUsual() && (frame.components.length == 1 || isYcc()) && (!frame.isProgressive() || damage().isEmpty());
    }

    private boolean isJfif() {
        return segments.stream().anyMatch(segment -> segment.marker == APP0 && startsWith(file, segment, "JFIF\0"));
    }

    private Optional<Segment> adobe() {
        return segments.stream().filter(segment -> segment.marker == APP14 && startsWith(file, segment, "Adobe")).findFirst();
    }

    /// Whether it is stored as light and two colours, by what libjpeg goes by, and no other program said so.
    private boolean isYcc() { return frame.isColour() && (isJfif() || adobe().isEmpty() && !frame.isNamedRgb()); }

    /// The file without what cameras and programs tell about it, where much can be damaged that hurts no pixel. What is left says the
    /// colour space as libjpeg understands it: the JDK's reader takes a file without JFIF and Adobe segments for RGB if its colours are
    /// stored in full.
    private byte[] plain() {
        var out = new ByteArrayOutputStream(file.length + JFIF_SEGMENT.length);
        out.write(file, 0, 2);
        if (isYcc()) {
            out.writeBytes(JFIF_SEGMENT);
        } else {
            adobe().ifPresent(segment -> out.write(file, segment.start - 4, segment.end - segment.start + 4));
        }
        for (var segment : segments) {
            if (segment.marker >= APP0 && segment.marker <= APP15 || segment.marker == COMMENT) continue;
            out.write(file, segment.start - 4, segment.end - segment.start + 4);
        }
        out.write(file, scans, file.length - scans);
        return out.toByteArray();
    }
}
