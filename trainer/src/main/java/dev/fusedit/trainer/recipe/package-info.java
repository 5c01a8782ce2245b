/// A whole run as one file: the records that a person edits. They are read strictly ([dev.fusedit.trainer.recipe.binding]), so that a
/// typing error is a sentence with a line number and never a silently ignored wish.
///
/// To add a key: add a record component (with [dev.fusedit.fusion.config.Default] if it may be left out, or `@Nullable` if leaving
/// it out means "none"), check its value in the constructor. Reading, `--set`, error places, the canonical form and its hash follow from the
/// record.
@NullMarked
package dev.fusedit.trainer.recipe;

import org.jspecify.annotations.NullMarked;
