/// Pages that need nothing beside them: tables, charts and images in one HTML file.
@NullMarked
package dev.fusedit.trainer.page;

import org.jspecify.annotations.NullMarked;
