/// What is in a source of images, for a person: numbers, a grid, a page.
@NullMarked
package dev.fusedit.trainer.data.audit;

import org.jspecify.annotations.NullMarked;
