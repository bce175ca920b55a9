// Largest element of every window, and where it was, hardened; one thread an output element.
#include "harden.cuh"

extern "C" __global__ void forward_maxpool_kernel(int n, int in_h, int in_w, int in_c, int stride,
                                                  int size, int pad, float *input, float *output,
                                                  int *indexes, float LOW, float HIGH)
{
    int h = (in_h + pad - size) / stride + 1;
    int w = (in_w + pad - size) / stride + 1;
    int c = in_c;

    int id = thread_index();
    if (id >= n) return;
    int j = id % w;
    id /= w;
    int i = id % h;
    id /= h;
    int k = id % c;
    id /= c;
    int b = id;

    int w_offset = -pad / 2;
    int h_offset = -pad / 2;
    int out_index = j + w * (i + h * (k + c * b));
    float largest = -INFINITY;
    int winner = -1;
    for (int l = 0; l < size; ++l) {
        for (int m = 0; m < size; ++m) {
            int row = h_offset + i * stride + l;
            int column = w_offset + j * stride + m;
            int index = column + in_w * (row + in_h * (k + b * in_c));
            bool valid = row >= 0 && row < in_h && column >= 0 && column < in_w;
            float value = valid ? input[index] : -INFINITY;
            winner = value > largest ? index : winner;
            largest = value > largest ? value : largest;
        }
    }
    output[out_index] = within(largest, LOW, HIGH);
    indexes[out_index] = winner;
}
