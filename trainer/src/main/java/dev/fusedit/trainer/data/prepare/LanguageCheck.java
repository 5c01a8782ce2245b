package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import opennlp.tools.langdetect.Language;
import opennlp.tools.langdetect.LanguageDetectorME;
import opennlp.tools.langdetect.LanguageDetectorModel;

/// Whether texts are in one language, by Apache OpenNLP's detector of 103 languages (langdetect-183). A text is of another language if the
/// detector takes another for likelier by far: captions are short, and of names and numbers nobody can tell.
///
/// One thread.
final class LanguageCheck {
    /// So many times likelier than the wanted one is another language.
    private static final double BY_FAR = 1.5;
    private static final int FEWEST_LETTERS = 12;

    private final String wanted;
    private final LanguageDetectorME detector;

    private LanguageCheck(String wanted, LanguageDetectorModel model) {
        this.wanted = wanted;
        detector = new LanguageDetectorME(model);
    }

    /// @param code two or three letters of ISO 639
    /// @throws UserError if it is no language that the detector knows
    static LanguageCheck of(String code) {
        try (var in = LanguageDetectorME.class.getResourceAsStream("/langdetect-183.bin")) {
            if (in == null) throw new UserError("--language: this build comes without the detector's model (opennlp-models-langdetect)");
            var model = new LanguageDetectorModel(in);
            var wanted = threeLetters(code);
            Set<String> known = new TreeSet<>(Set.of(new LanguageDetectorME(model).getSupportedLanguages()));
            if (!known.contains(wanted))
                throw new UserError("--language %s: is no language that can be told. Known: %s".formatted(code, String.join(", ", known)));
            return new LanguageCheck(wanted, model);
        } catch (IOException e) {
            throw new IllegalStateException("the detector's model is on the class path", e);
        }
    }

    private static String threeLetters(String code) {
        try {
            return code.length() == 2 ? Locale.of(code).getISO3Language() : code;
        } catch (MissingResourceException e) {
            return code;
        }
    }

    /// The language that a text is in instead, as three letters; empty if it is the wanted one, or may be.
    Optional<String> otherThanWanted(String text) {
        if (text.chars().filter(Character::isLetter).count() < FEWEST_LETTERS) return Optional.empty();
        var languages = detector.predictLanguages(text);
        var first = languages[0];
        if (first.getLang().equals(wanted)) return Optional.empty();
        double ofWanted = Arrays.stream(languages).filter(language -> language.getLang().equals(wanted))
                .mapToDouble(Language::getConfidence).sum();
        return first.getConfidence() > BY_FAR * ofWanted ? Optional.of(first.getLang()) : Optional.empty();
    }
}
