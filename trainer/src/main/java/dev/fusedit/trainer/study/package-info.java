/// Controlled studies: one recipe in several arms, each trained from the same seeds at an equal budget, compared by one endpoint that is
/// fixed beforehand.
@NullMarked
package dev.fusedit.trainer.study;

import org.jspecify.annotations.NullMarked;
