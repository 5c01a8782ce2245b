package dev.fusedit.trainer.data.image;

import java.io.IOException;

/// That a file cannot be decoded and why, as the rest of a sentence; [ImageDecoder] says which file.
final class BadImage extends IOException {
    private static final long serialVersionUID = 1;

    BadImage(String why) { super(why); }
}
