// Adds each filter's bias to its outputs, hardened; one thread an element.
#include "harden.cuh"

extern "C" __global__ void add_bias_kernel(float *output, float *biases, int batch, int n, int size
#if defined(DUPLICATION) || defined(TRIPLICATION)
                                           , int ZERO, unsigned *REPORT
#endif
#ifdef RANGE
                                           , float LOW, float HIGH
#endif
)
{
    int index = thread_index();
    if (index >= n * size * batch) return;
#if defined(DUPLICATION) || defined(TRIPLICATION)
    int again = index + ZERO;
    int j2 = again / size % n, k2 = again / size / n;
    float *place2 = &output[(k2 * n + j2) * size + again % size];
    float value2 = *(volatile float *)place2 + *(volatile float *)&biases[j2];
#endif
    int i = index % size;
    index /= size;
    int j = index % n;
    int k = index / n;
    float *place = &output[(k * n + j) * size + i];
    float value = *place + biases[j];
#ifdef DUPLICATION
    if (__float_as_uint(value) != __float_as_uint(value2) || place != place2) atomicAdd(REPORT, 1u);
#endif
#ifdef TRIPLICATION
    if (__float_as_uint(value) != __float_as_uint(value2) || place != place2) {
        int third = thread_index() + ZERO;
        int j3 = third / size % n, k3 = third / size / n;
        float *place3 = &output[(k3 * n + j3) * size + third % size];
        float value3 = *(volatile float *)place3 + *(volatile float *)&biases[j3];
        bool first = value == value3 && place == place3, second = value2 == value3 && place2 == place3;
        atomicAdd(REPORT + (first || second), 1u);
        place = place3;
        value = value3;
    }
#endif
#ifdef RANGE
    value = within(value, LOW, HIGH);
#endif
    *place = value;
}
