/// Whole models from folders, and pictures from prompts.
@NullMarked
package dev.fusedit.fusion.pipeline;

import org.jspecify.annotations.NullMarked;
