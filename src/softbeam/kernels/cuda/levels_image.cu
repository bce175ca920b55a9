// Maps an RGB image's values v to v * scale + translate, in place; one thread a pixel.  Each colour
// is shifted by its random number, which inference gives the weight 0.  The change of saturation
// and exposure, which only training makes, is left out.
#include "thread_index.cuh"

extern "C" __global__ void levels_image_kernel(float *image, float *rand, int batch, int w, int h,
                                               float translate, float scale, float shift)
{
    int id = thread_index();
    if (id >= batch * w * h) return;
    int x = id % w;
    id /= w;
    int y = id % h;
    id /= h;
    float red = rand[0], green = rand[1], blue = rand[2];
    float *pixel = image + id * h * w * 3 + y * w + x;
    pixel[0] = pixel[0] * scale + translate + (red - .5f) * shift;
    pixel[w * h] = pixel[w * h] * scale + translate + (green - .5f) * shift;
    pixel[2 * w * h] = pixel[2 * w * h] * scale + translate + (blue - .5f) * shift;
}
