package dev.fusedit.trainer.data.prepare;

/// A rule of a published set: rows on the wrong side of a value are left out, those without one are not judged.
///
/// @param name of the value, as options have it: `min-size`
/// @param leftOut where a row is left out, in SQL over the set's columns, with `%s` for the value
/// @param value the default
/// @param source of the default
record Threshold(String name, RowCause cause, String leftOut, double value, String source) {}
