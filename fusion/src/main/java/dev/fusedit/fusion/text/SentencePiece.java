package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.nio.ByteBuffer;
import java.util.HashSet;

/// What SentencePiece trained, `tokenizer.model`: pieces in the order of their ids. Only what a Gemma's file is: byte pair encoding of
/// texts as they are, whose blanks become `▁`, none added or taken away.
///
/// @param byteFallback whether what is in no piece becomes pieces of single bytes
record SentencePiece(ImmutableList<Piece> pieces, boolean byteFallback) {
    private static final int MOST_PIECES = 1 << 22;
    private static final int LONGEST_PIECE = 1000;
    private static final int BYTE_PAIR_ENCODING = 2;

    /// In the order of the format's numbers, from 1.
    enum Kind {
        NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE
    }

    record Piece(String text, float score, Kind kind) {
        Piece {
            checkArgument(!text.isEmpty() && text.length() <= LONGEST_PIECE, "a piece of %s characters", text.length());
            checkArgument(Float.isFinite(score), "the piece '%s' with the score %s", text, score);
            checkArgument(kind != Kind.UNUSED, "the piece '%s' is marked as unused, which is not supported", text);
        }
    }

    SentencePiece {
        var texts = new HashSet<String>();
        pieces.forEach(piece -> checkArgument(texts.add(piece.text), "the piece '%s' twice", piece.text));
        checkArgument(count(pieces, Kind.UNKNOWN) == 1, "%s pieces for what is unknown, not 1", count(pieces, Kind.UNKNOWN));
        for (int i = 0; byteFallback && i < 256; i++) {
            checkArgument(texts.contains("<0x%02X>".formatted(i)), "no piece for the byte %s", i);
        }
    }

    private static long count(ImmutableList<Piece> pieces, Kind kind) {
        return pieces.stream().filter(piece -> piece.kind == kind).count();
    }

    /// The piece that what is in no piece becomes.
    Piece unknown() { return pieces.stream().filter(piece -> piece.kind == Kind.UNKNOWN).findFirst().orElseThrow(); }

    /// Reads the file's bytes.
    ///
    /// @throws IllegalArgumentException if they are broken, or another kind of model
    static SentencePiece read(byte[] bytes) {
        var pieces = ImmutableList.<Piece>builder();
        var count = 0;
        var training = new Training();
        var normalization = new Normalization();
        var model = new ProtobufMessage(ByteBuffer.wrap(bytes));
        while (model.next()) {
            switch (model.field()) {
                case 1 -> {
                    checkArgument(++count <= MOST_PIECES, "more than %s pieces", MOST_PIECES);
                    pieces.add(piece(model.message()));
                }
                case 2 -> training.read(model.message());
                case 3 -> normalization.read(model.message());
                default -> {}
            }
        }
        checkArgument(count > 0, "there are no pieces");
        training.check();
        normalization.check();
        return new SentencePiece(pieces.build(), training.byteFallback);
    }

    private static Piece piece(ProtobufMessage message) {
        var text = "";
        float score = 0;
        var kind = Kind.NORMAL;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> text = message.text();
                case 2 -> score = message.real();
                case 3 -> {
                    var number = message.integer();
                    checkArgument(number > 0 && number <= Kind.values().length, "a piece of the kind %s", number);
                    kind = Kind.values()[number - 1];
                }
                default -> {}
            }
        }
        return new Piece(text, score, kind);
    }

    private static final class Training {
        private int algorithm = 1;
        private boolean byteFallback;
        private boolean blanksBehind;

        void read(ProtobufMessage message) {
            while (message.next()) {
                switch (message.field()) {
                    case 3 -> algorithm = message.integer();
                    case 24 -> blanksBehind = message.flag();
                    case 35 -> byteFallback = message.flag();
                    default -> {}
                }
            }
        }

        void check() {
            checkArgument(algorithm == BYTE_PAIR_ENCODING, "only byte pair encoding (2) is supported, not the model type %s", algorithm);
            checkArgument(!blanksBehind, "blanks at the end of words (treat_whitespace_as_suffix) are not supported");
        }
    }

    private static final class Normalization {
        private int rules;
        private boolean prefix = true;
        private boolean trimmed = true;
        private boolean escaped = true;

        void read(ProtobufMessage message) {
            while (message.next()) {
                switch (message.field()) {
                    case 2 -> rules = message.size();
                    case 3 -> prefix = message.flag();
                    case 4 -> trimmed = message.flag();
                    case 5 -> escaped = message.flag();
                    default -> {}
                }
            }
        }

        void check() {
            checkArgument(rules == 0 && !prefix && !trimmed && escaped, "only texts as they are are supported, not rules (%s bytes), "
                    + "add_dummy_prefix %s, remove_extra_whitespaces %s, escape_whitespaces %s", rules, prefix, trimmed, escaped);
        }
    }
}
