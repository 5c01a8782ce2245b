/// Several processes of one job, through libtorch's own c10d: how they find each other ([Rendezvous]), and what they do together
/// ([ProcessGroup]). On the presets' libtorch only: JavaCPP's classes are of no other.
@NullMarked
package dev.fusedit.torch.distributed;

import org.jspecify.annotations.NullMarked;
