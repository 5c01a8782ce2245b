package dev.fusedit.trainer.run;

import java.util.Locale;

/// What is done about a run that the output folder holds already.
public enum Resume {
    /// It is continued if it is one of the same recipe; one of another recipe is refused.
    AUTO,
    /// It is refused, whatever it is.
    NO,
    /// It is continued under the present recipe, whatever that has changed.
    FORCE;

    /// As options list it.
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
