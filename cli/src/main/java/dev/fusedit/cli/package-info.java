/// The command line: a command parses, calls one library function and prints.
@NullMarked
package dev.fusedit.cli;

import org.jspecify.annotations.NullMarked;
