/// A run's folder, seen from outside: `run.json`, and `report.html`, which is made of what the folder holds while the run goes on.
@NullMarked
package dev.fusedit.trainer.report;

import org.jspecify.annotations.NullMarked;
