/// The documentation as a site.
@NullMarked
package dev.fusedit.site;

import org.jspecify.annotations.NullMarked;
