package dev.fusedit.fusion.flow;

/// A model with what guidance needs of texts bound to it.
///
/// @param both is given 2·B rows: first those without the text (or with the negative one), then those with it
/// @param prompted is given B rows, each with its text
public record Branches(VelocityModel both, VelocityModel prompted) {
    /// Where only one of them is ever asked, because all levels are guided or none is; or a model that tells them apart by the number of rows.
    public static Branches of(VelocityModel model) { return new Branches(model, model); }
}
