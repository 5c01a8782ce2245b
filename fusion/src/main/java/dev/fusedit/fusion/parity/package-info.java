/// Our numbers against golden ones that were computed elsewhere.
@NullMarked
package dev.fusedit.fusion.parity;

import org.jspecify.annotations.NullMarked;
