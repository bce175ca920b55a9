// Cuts the middle out of an image, between pixels by bilinear interpolation; one thread an element.
// Flips and turns, which only training makes, are left out.
#include "thread_index.cuh"

__device__ float pixel(float *image, int w, int h, int x, int y, int c)
{
    if (x < 0 || x >= w || y < 0 || y >= h) return 0;
    return image[(c * h + y) * w + x];
}

extern "C" __global__ void forward_crop_layer_kernel(float *input, int size, int c, int h, int w,
                                                     int crop_height, int crop_width,
                                                     float *output)
{
    int id = thread_index();
    if (id >= size) return;
    int count = id;
    int j = id % crop_width;
    id /= crop_width;
    int i = id % crop_height;
    id /= crop_height;
    int k = id % c;
    id /= c;
    input += w * h * c * id;

    float x = j + (w - crop_width) / 2.f;
    float y = i + (h - crop_height) / 2.f;
    int left = (int)floorf(x);
    int top = (int)floorf(y);
    float right = x - left;
    float down = y - top;
    output[count] = (1 - down) * (1 - right) * pixel(input, w, h, left, top, k)
                  + down * (1 - right) * pixel(input, w, h, left, top + 1, k)
                  + (1 - down) * right * pixel(input, w, h, left + 1, top, k)
                  + down * right * pixel(input, w, h, left + 1, top + 1, k);
}
