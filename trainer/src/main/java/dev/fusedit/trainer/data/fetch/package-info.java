/// Files of the open web, fetched politely and warily: what sites say in `robots.txt` and in headers is kept to, hosts are not crowded, and
/// nothing but public addresses is ever connected to.
@NullMarked
package dev.fusedit.trainer.data.fetch;

import org.jspecify.annotations.NullMarked;
