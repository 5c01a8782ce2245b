/// A model behind HTTP: a page, an API of its own, and that of OpenAI's images (`docs/serving.md`).
///
/// Two kinds of threads meet at [ImageQueue]: each connection has a virtual thread, which never touches a tensor; one thread, that of
/// [ImageMaker], owns the model and its scopes.
@NullMarked
package dev.fusedit.trainer.serve;

import org.jspecify.annotations.NullMarked;
