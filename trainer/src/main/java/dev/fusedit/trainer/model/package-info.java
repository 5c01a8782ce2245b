/// From a recipe, or a folder, to a model: configurations, precisions, tokenizers, starting weights, frozen parts.
@NullMarked
package dev.fusedit.trainer.model;

import org.jspecify.annotations.NullMarked;
