// The sum of two maps of one shape; one thread an element.
#include "harden.cuh"

extern "C" __global__ void shortcut_singlelayer_simple_kernel(int size, float *add, float *out,
                                                              float *input HARDENED WORDS(add)
                                                              WORDS(out) WORDS(input))
{
    Span<float> ADD = SPAN(add), OUT = SPAN(out), INPUT = SPAN(input);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto, int id, auto &sink) {
        sink.store(0, OUT, id, INPUT[id] + ADD[id]);
    });
}
