/// Reading configuration files of models; and annotations by which recipes bind records ([Named], [Default], [Doc], [Usual]), those of models
/// too.
@NullMarked
package dev.fusedit.fusion.config;

import org.jspecify.annotations.NullMarked;
