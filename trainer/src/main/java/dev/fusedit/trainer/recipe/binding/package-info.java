/// From YAML to records and back: strict, and told by the records alone, with file, line and key in every error.
@NullMarked
package dev.fusedit.trainer.recipe.binding;

import org.jspecify.annotations.NullMarked;
