package dev.fusedit.trainer.data.image;

import java.io.IOException;

/// That a file cannot be decoded and why, as the rest of a sentence; [ImageDecoder] says which file.
final class BadImage extends IOException {
    private static final long serialVersionUID = 1;

    static final String REMEDY = "Convert it to PNG or JPEG, or fetch it anew";

    private final String remedy;

    BadImage(String why) { this(why, REMEDY); }

    /// @param remedy what to do about it, as a sentence
    BadImage(String why, String remedy) {
        super(why);
        this.remedy = remedy;
    }

    String remedy() { return remedy; }
}
