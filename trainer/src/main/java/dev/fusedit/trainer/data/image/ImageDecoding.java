package dev.fusedit.trainer.data.image;

public record ImageDecoding(Alpha alpha, boolean turned, boolean whole) {
    public enum Alpha { DROP, WHITE, BLACK }

    public static final ImageDecoding REFERENCE = new ImageDecoding(Alpha.DROP, false, false);
    public static final ImageDecoding STRICT = new ImageDecoding(Alpha.WHITE, true, true);
}
