/// Whole models from folders, and images from prompts.
@NullMarked
package dev.fusedit.fusion.pipeline;

import org.jspecify.annotations.NullMarked;
