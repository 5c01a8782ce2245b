/// What the image side is made to resemble beside learning to generate images: a vision encoder's features of the clean image ([RepaLoss]),
/// and the language model's features of the caption ([ContrastiveLoss]). And the encoder itself, where there is none to download:
/// [TeacherTask].
///
/// Letters at the end of a tensor's name, beside `dev.fusedit.nn`'s: R compared rows of a batch, F width of a teacher's features,
/// W width of a common space.
@NullMarked
package dev.fusedit.trainer.align;

import org.jspecify.annotations.NullMarked;
