package dev.fusedit.trainer.stage;

/// What is done about a run that the output folder holds already.
public enum Resume {
    /// It is gone on with if it is one of the same recipe; one of another recipe is refused.
    AUTO,
    /// It is refused, whatever it is.
    NO,
    /// It is gone on with under the present recipe, whatever that has changed.
    FORCE
}
