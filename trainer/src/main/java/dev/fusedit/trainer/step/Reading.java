package dev.fusedit.trainer.step;

import dev.fusedit.torch.Device;

/// When Java reads the numbers that a step is judged by.
public enum Reading {
    /// Before the step changes anything: on the CPU, where nothing waits.
    AT_ONCE,
    /// When the next step's gradients are queued, so that a GPU is never without work. The device itself keeps a step from being taken whose
    /// numbers forbid it ([dev.fusedit.trainer.optim.Gate]), so weights are the same; what is told of a step, and whether a stage has learned
    /// enough, is known a step later.
    A_STEP_LATE;

    /// Of this device. `-Dfusedit.late=true` has a CPU play a GPU.
    ///
    /// @param alone whether the step is this process's alone: several tell each other their numbers, and so read them at once
    static Reading of(Device device, boolean alone) {
        return alone && (!device.isCpu() || Boolean.getBoolean("fusedit.late")) ? A_STEP_LATE : AT_ONCE;
    }
}
