/// Reading configuration files of models; and the annotations by which recipes bind records, those of models too: [Named], [Default], [Doc],
/// [Usual].
@NullMarked
package dev.fusedit.fusion.config;

import org.jspecify.annotations.NullMarked;
