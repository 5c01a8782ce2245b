package dev.fusedit.trainer.data.image;

import java.util.Arrays;
import java.util.Optional;

/// Whether the scans of a JPEG file are all there: each component's coefficients to their last bit, and then the end marker.
///
/// A baseline file says all in one scan, or in one for each component. A progressive one says them in many, finer and finer, and looks
/// like an image long before it is one.
final class JpegScans {
    private static final int START_OF_SCAN = 0xda;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int RESTART_0 = 0xd0;
    private static final int RESTART_7 = 0xd7;
    private static final int COEFFICIENTS = 64;
    private static final int UNSEEN = 99;

    private final byte[] file;
    private final byte[] components;

    /// The bits that are missing, of each component's coefficients.
    private final int[][] missing;

    JpegScans(byte[] file, byte[] components) {
        this.file = file;
        this.components = components;
        missing = new int[components.length][COEFFICIENTS];
        for (var coefficients : missing) {
            Arrays.fill(coefficients, UNSEEN);
        }
    }

    /// @param first where the first scan begins
    /// @throws IndexOutOfBoundsException if the file ends before its end marker
    Optional<String> damage(int first) {
        int at = first;
        while (true) {
            if (file[at] != -1) return Optional.of("there are bytes between its segments that belong to none");
            int marker = file[at + 1] & 0xff;
            if (marker == END_OF_IMAGE) return areSeen() ? Optional.empty() : Optional.of("some of its scans are missing");
            if (marker == 0xff) {
                at++;
                continue;
            }
            int end = at + 2 + ((file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff);
            if (marker == START_OF_SCAN) {
                see(at + 4);
                end = afterEntropyCoded(end);
            }
            at = end;
        }
    }

    private void see(int header) {
        int count = file[header] & 0xff, band = header + 1 + 2 * count;
        int from = Math.min(file[band] & 0xff, COEFFICIENTS - 1), to = Math.min(file[band + 1] & 0xff, COEFFICIENTS - 1);
        for (int i = 0; i < count; i++) {
            int component = indexOf(file[header + 1 + 2 * i]);
            if (component >= 0) Arrays.fill(missing[component], from, Math.max(from, to) + 1, file[band + 2] & 15);
        }
    }

    private int indexOf(byte id) {
        for (int i = 0; i < components.length; i++) {
            if (components[i] == id) return i;
        }
        return -1;
    }

    private boolean areSeen() { return Arrays.stream(missing).flatMapToInt(Arrays::stream).allMatch(bits -> bits == 0); }

    /// Where the next marker is that is no restart.
    private int afterEntropyCoded(int from) {
        int at = from;
        while (true) {
            if (file[at] == -1) {
                int next = file[at + 1] & 0xff;
                if (next != 0 && next != 0xff && (next < RESTART_0 || next > RESTART_7)) return at;
            }
            at++;
        }
    }
}
