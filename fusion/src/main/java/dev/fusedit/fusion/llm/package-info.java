/// Language models: text to keys, values, hidden states and logits. Dimension letters as in [dev.fusedit.nn].
@NullMarked
package dev.fusedit.fusion.llm;

import org.jspecify.annotations.NullMarked;
