package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.sampling.WantedImage;

/// Images that belong together: batches of a model begin at the first one, and do not reach into another set.
public record ImageSet(String name, ImmutableList<WantedImage> images) {}
