package dev.fusedit.trainer.log;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A small bitmap alphabet, since AWT's text fails on machines without fonts. ASCII; each letter as wide as it is drawn in
/// `alphabet.txt`, 7 pixels high and 2 below the line.
final class Alphabet {
    static final int HEIGHT = 9;
    static final int LINE = HEIGHT + 2;

    private static final int PITCH = 6;
    private static final int GAP = 1;
    private static final int SPACE = 3;
    private static final Map<Character, boolean[][]> GLYPHS = read();

    private Alphabet() {}

    /// Rows of pixels of a letter; a letter that we do not have looks like `?`.
    static boolean[][] glyph(char letter) { return GLYPHS.getOrDefault(letter, Objects.requireNonNull(GLYPHS.get('?'))); }

    /// In pixels, without the gap after the last letter.
    static int width(String text) {
        int width = 0;
        for (int i = 0; i < text.length(); i++) width += advance(text.charAt(i));
        return Math.max(0, width - GAP);
    }

    static int advance(char letter) { return letter == ' ' ? SPACE + GAP : glyph(letter)[0].length + GAP; }

    /// Lines no wider than so many pixels, broken between words, and within words that are too long for a line.
    static List<String> wrap(String text, int width) {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (String word : text.strip().split("\\s+")) {
            String rest = word;
            if (!line.isEmpty() && width(line + " " + rest) <= width) {
                line.append(' ').append(rest);
                continue;
            }
            if (!line.isEmpty()) lines.add(line.toString());
            for (; width(rest) > width && rest.length() > 1; rest = rest.substring(fitting(rest, width)))
                lines.add(rest.substring(0, fitting(rest, width)));
            line = new StringBuilder(rest);
        }
        if (!line.isEmpty()) lines.add(line.toString());
        return lines;
    }

    private static int fitting(String word, int width) {
        int length = 1;
        while (length < word.length() && width(word.substring(0, length + 1)) <= width) length++;
        return length;
    }

    /// The file has bands of letters: a line that names them, six columns each, then their rows.
    private static Map<Character, boolean[][]> read() {
        var glyphs = new HashMap<Character, boolean[][]>();
        var file = Objects.requireNonNull(Alphabet.class.getResourceAsStream("alphabet.txt"), "alphabet.txt is missing");
        try (var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII))) {
            for (String names = lines.readLine(); names != null; names = lines.readLine()) {
                var rows = new String[HEIGHT];
                for (int y = 0; y < HEIGHT; y++) rows[y] = lines.readLine();
                for (int x = 0; x < names.length(); x += PITCH) glyphs.put(names.charAt(x), glyph(rows, x));
                lines.readLine();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return glyphs;
    }

    private static boolean[][] glyph(String[] rows, int x) {
        var glyph = new boolean[HEIGHT][];
        for (int y = 0; y < HEIGHT; y++) {
            String row = rows[y].substring(x, Math.min(rows[y].length(), x + PITCH - 1)).strip();
            glyph[y] = new boolean[row.length()];
            for (int i = 0; i < row.length(); i++) glyph[y][i] = row.charAt(i) == '#';
        }
        return glyph;
    }
}
