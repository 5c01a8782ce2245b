package dev.fusedit.fusion.flow;

/// A model with the branches of classifier-free guidance (CFG), texts bound to it.
///
/// @param both is given 2·B rows: first the unconditional branch (no text, or the negative prompt), then the conditional one
/// @param conditional is given B rows, each with its text
public record Branches(VelocityModel both, VelocityModel conditional) {
    /// Where only one of them is ever asked, because all levels are guided or none is; or a model that tells them apart by the number of
    /// rows.
    public static Branches of(VelocityModel model) { return new Branches(model, model); }
}
