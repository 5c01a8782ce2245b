/// JShell with all of fusedit at hand: at a prompt, for files of snippets, and for Jupyter.
@NullMarked
package dev.fusedit.cli.notebook;

import org.jspecify.annotations.NullMarked;
