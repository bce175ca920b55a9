#include "harden.cuh"

// Lays out the ksize x ksize neighbourhood of every output pixel as a column of a matrix, with
// zeros outside the image; one thread an output pixel and channel, looping over the grid.
extern "C" __global__ void im2col_kernel(const int n, const float *im, const int height,
                                         const int width, const int ksize, const int pad,
                                         const int stride, const int height_col,
                                         const int width_col, float *col, float LOW,
                                         float HIGH)
{
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < n;
         index += blockDim.x * gridDim.x) {
        int w_out = index % width_col;
        int rest = index / width_col;
        int h_out = rest % height_col;
        int channel = rest / height_col;
        int row = channel * ksize * ksize;
        int h_in = h_out * stride - pad;
        int w_in = w_out * stride - pad;
        float *to = col + (row * height_col + h_out) * width_col + w_out;
        const float *from = im + (channel * height + h_in) * width + w_in;
        for (int i = 0; i < ksize; ++i) {
            for (int j = 0; j < ksize; ++j) {
                int h = h_in + i;
                int w = w_in + j;
                bool inside = h >= 0 && w >= 0 && h < height && w < width;
                *to = within(inside ? from[i * width + j] : 0, LOW, HIGH);
                to += height_col * width_col;
            }
        }
    }
}
