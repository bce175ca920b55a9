// C = A B of row-major matrices: tiles of 16 x 16 through shared memory, an element a thread.

#define TILE 16

extern "C" __global__ void product(int rows, int columns, int steps, const float *a, const float *b,
                                   float *c)
{
    __shared__ float left[TILE][TILE], above[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    float sum = 0.0f;
    for (int first = 0; first < steps; first += TILE) {
        left[y][x] = row < rows && first + x < steps ? a[row * steps + first + x] : 0.0f;
        above[y][x] = column < columns && first + y < steps ? b[(first + y) * columns + column] : 0.0f;
        __syncthreads();
        for (int step = 0; step < TILE; step++) sum += left[y][step] * above[step][x];
        __syncthreads();
    }
    if (row < rows && column < columns) c[row * columns + column] = sum;
}
