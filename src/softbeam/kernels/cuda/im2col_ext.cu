// Lays out the neighbourhood of every output pixel as a column of a matrix, with zeros outside the
// image: windows of any height, width, steps and gaps; one thread an output pixel and channel,
// looping over the grid.
extern "C" __global__ void im2col_ext_kernel(const int n, const float *im, const int height,
                                             const int width, const int kernel_h,
                                             const int kernel_w, const int pad_h, const int pad_w,
                                             const int stride_h, const int stride_w,
                                             const int dilation_h, const int dilation_w,
                                             const int height_col, const int width_col, float *col)
{
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < n;
         index += blockDim.x * gridDim.x) {
        int w_out = index % width_col;
        int rest = index / width_col;
        int h_out = rest % height_col;
        int channel = rest / height_col;
        int row = channel * kernel_h * kernel_w;
        int h_in = h_out * stride_h - pad_h;
        int w_in = w_out * stride_w - pad_w;
        float *to = col + (row * height_col + h_out) * width_col + w_out;
        for (int i = 0; i < kernel_h; ++i) {
            for (int j = 0; j < kernel_w; ++j) {
                int h = h_in + i * dilation_h;
                int w = w_in + j * dilation_w;
                bool inside = h >= 0 && w >= 0 && h < height && w < width;
                *to = inside ? im[(channel * height + h) * width + w] : 0;
                to += height_col * width_col;
            }
        }
    }
}
