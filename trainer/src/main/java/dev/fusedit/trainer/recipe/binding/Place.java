package dev.fusedit.trainer.recipe.binding;

/// Where something stands: a line of a file, or a setting.
///
/// @param origin `recipe quickstart.yaml`, `--set run.seed=7`
/// @param line from 1; 0 where there are no lines
public record Place(String origin, int line) {
    static Place whole(String origin) { return new Place(origin, 0); }

    /// `recipe quickstart.yaml:14`
    @Override
    public String toString() { return line == 0 ? origin : origin + ":" + line; }
}
