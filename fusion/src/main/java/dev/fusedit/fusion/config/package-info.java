/// Reading configuration files of models.
@NullMarked
package dev.fusedit.fusion.config;

import org.jspecify.annotations.NullMarked;
