package dev.fusedit.trainer.study;

/// What a comparison allows to say.
public enum Verdict {
    BETTER("better"), WORSE("worse"), NO_DIFFERENCE("no difference seen"),
    /// Fewer than 6 seeds that both arms have.
    TOO_FEW_SEEDS("no verdict: too few seeds");

    private final String words;

    Verdict(String words) { this.words = words; }

    @Override
    public String toString() { return words; }
}
