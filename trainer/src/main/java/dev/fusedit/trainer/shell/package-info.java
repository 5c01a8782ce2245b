/// What a person at a shell or in a notebook asks for in one line: images to look at, a recipe to be trained.
@NullMarked
package dev.fusedit.trainer.shell;

import org.jspecify.annotations.NullMarked;
